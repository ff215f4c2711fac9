/** The page's side of the service worker: has it keep the book, when the page has what it came for. */

/** Below this the page would compete with its own service worker for the network. */
const IDLE_MS = 3000;

/**
 * Registers the service worker where there can be one, and has it keep the whole book.
 *
 * @param address of its script
 * @param edition which of the two editions is kept
 */
export async function keepForOffline(address: URL, edition: "en" | "zh"): Promise<void> {
  const { serviceWorker, connection } = navigator as Navigator & { connection?: { saveData?: boolean } };
  if (!serviceWorker) return; // neither https nor this computer
  try {
    await serviceWorker.register(address);
    if (connection?.saveData) return;
    const { active } = await serviceWorker.ready;
    setTimeout(() => active?.postMessage(`keep ${edition}`), IDLE_MS);
  } catch (error) {
    console.warn("The book is not kept for reading without a network:", error);
  }
}
