/** A file of another package, or what to do where a page has not got it. */
import { packageFile } from "./package_files.ts";

/** @throws Error in a page that was not given the file */
export function neededPackageFile(name: string): Uint8Array {
  const bytes = packageFile(name);
  if (bytes) return bytes;
  throw new Error(
    `a picture takes ${name}, which this page has not got: fetch it and call providePackageFile("${name}", bytes) ` +
      `of "@interleave/interleave/page"`,
  );
}
