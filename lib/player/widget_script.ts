/** The text of the widget's function, as pages get it. */
import { startPlayer } from "./widget.ts";

export const widgetScript = (): string => startPlayer.toString();
