/** Paths in a page: slashes, and `/` is the folder that relative paths count from. */

function normal(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") {
      if (parts.length > 0 && parts.at(-1) !== "..") parts.pop();
      else if (!path.startsWith("/")) parts.push(part);
    } else if (part !== "" && part !== ".") parts.push(part);
  }
  return (path.startsWith("/") ? "/" : "") + parts.join("/");
}

export const join = (...parts: string[]): string => normal(parts.filter((part) => part !== "").join("/")) || ".";

export const resolve = (...parts: string[]): string =>
  normal(parts.reduce((before, part) => part.startsWith("/") ? part : `${before}/${part}`, "/"));

export function dirname(path: string): string {
  const end = path.lastIndexOf("/");
  return end < 0 ? "." : path.slice(0, end) || "/";
}

export const basename = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** The address under which a file can be imported: where the page's own server has it. */
export const fileAddress = (path: string): string => new URL(relativePath(path), globalThis.location?.href).href;

/** The name under which a page provides the file. */
export const relativePath = (path: string): string => resolve(path).slice(1);
