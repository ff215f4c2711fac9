/** Gives a thread what comes with the library, before the thread's own module runs. */
import { fetchedNow, provideLibrary } from "./library_files.ts";
import type { AssetIndex } from "./messages.ts";

declare const ASSETS: string;

provideLibrary(JSON.parse(new TextDecoder().decode(fetchedNow(ASSETS))) as AssetIndex);
