/**
 * The site's service worker: after the first visit the book opens without a network, and its threads share memory where
 * the site's host sends no headers for that.
 */

/** Changes with any file of the site. */
declare const VERSION: string;
/** What works without a network, relative to this script. */
declare const OFFLINE: {
  readonly shared: readonly string[];
  readonly en: readonly string[];
  readonly zh: readonly string[];
};

/** The names of a service worker's world that are used here; TypeScript has them in a library of their own. */
interface Scope {
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: "install" | "activate", listen: (event: Waiting) => void): void;
  addEventListener(type: "fetch", listen: (event: Fetching) => void): void;
  addEventListener(type: "message", listen: (event: Waiting & { readonly data: unknown }) => void): void;
}
interface Waiting {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
const scope = globalThis as unknown as Scope;

const PREFIX = "interleave-", CACHE = PREFIX + VERSION;
/** Files whose name changes with what is in them. */
const IS_FIXED = /\/live\/(?:assets\/|objects\/|[\w-]+-[\w-]{8,}\.(?:js|json)$)|\.ttf$/;
/** So many at a time: a page that is being read needs the network, too. */
const AT_ONCE = 4;

/** The compiler, which the page keeps by itself (page_clang.ts): of the book's new version it may be the same. */
const COMPILER = new URL("_static/live/clang/", location.href).href;

const isOwn = ({ origin, href }: URL): boolean =>
  origin === location.origin && href.startsWith(new URL(".", location.href).href) && !href.startsWith(COMPILER);

/** As it is kept: what a page asks for with `?v=` is what it is without. */
const keyOf = (url: string): string => url.replace(/[?#].*$/, "");

/** With these a page may share memory between threads; all that it loads is its own. */
function isolated(response: Response): Response {
  if (response.status === 0 || response.type === "opaque") return response;
  const headers = new Headers(response.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  headers.set("Cross-Origin-Resource-Policy", "cross-origin");
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}

async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE), key = keyOf(request.url);
  const kept = () => cache.match(key.endsWith("/") ? `${key}index.html` : key);
  if (IS_FIXED.test(key)) {
    const known = await kept();
    if (known) return isolated(known);
  }
  try {
    const response = await fetch(request);
    if (response.status === 200) await cache.put(key.endsWith("/") ? `${key}index.html` : key, response.clone());
    return isolated(response);
  } catch (error) {
    const known = await kept();
    if (known) return isolated(known);
    throw error;
  }
}

/** Fetches what is not kept yet of an edition. What cannot be fetched now is fetched when it is asked for. */
async function keepAll(edition: "en" | "zh"): Promise<void> {
  const cache = await caches.open(CACHE),
    waiting = [...OFFLINE[edition], ...OFFLINE.shared].map((name) => new URL(name, location.href).href);
  const work = async () => {
    for (let url = waiting.shift(); url !== undefined; url = waiting.shift()) {
      if (!await cache.match(url)) await cache.add(url).catch(() => {});
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

async function dropOld(): Promise<void> {
  const old = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
}

scope.addEventListener("install", (event) => event.waitUntil(scope.skipWaiting()));
scope.addEventListener("activate", (event) => event.waitUntil(dropOld().then(() => scope.clients.claim())));
scope.addEventListener("message", (event) => {
  if (event.data === "keep en") event.waitUntil(keepAll("en"));
  if (event.data === "keep zh") event.waitUntil(keepAll("zh"));
});
scope.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method === "GET" && isOwn(new URL(request.url))) event.respondWith(answer(request));
});
