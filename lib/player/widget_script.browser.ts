/** The text of the widget's function out of the bundle: bundlers rewrite functions, and may take them apart. */
import { assetText } from "../host/assets.ts";

/** Its name in the bundle. */
export const WIDGET_ASSET = "player/widget.js";

export const widgetScript = (): string => assetText(WIDGET_ASSET);
