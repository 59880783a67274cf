import type { CDPSession, Page } from 'playwright-core';

/** A file that the browser asked the network for. */
export interface LoadedFile {
  readonly path: string;
  /** Bytes on the wire: headers and the compressed body. */
  readonly bytes: number;
}

export interface PageLoads {
  readonly session: CDPSession;
  /** The files since the last call; those from the browser's cache are not among them. */
  take(): readonly LoadedFile[];
}

/** Notes every file that the page loads from the network, except live connections. */
export async function watchLoads(page: Page): Promise<PageLoads> {
  const session = await page.context().newCDPSession(page);
  const urls = new Map<string, string>();
  let files: LoadedFile[] = [];
  const cached = new Set<string>();
  session.on('Network.requestServedFromCache', ({ requestId }) => void cached.add(requestId));
  session.on('Network.responseReceived', ({ requestId, response }) => {
    const isLocal = cached.has(requestId) || response.fromDiskCache === true || response.protocol === 'data';
    if (!isLocal) urls.set(requestId, response.url);
  });
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const url = urls.get(requestId);
    if (url !== undefined) files.push({ path: new URL(url).pathname, bytes: encodedDataLength });
  });
  await session.send('Network.enable');
  return {
    session,
    take() {
      const taken = files;
      files = [];
      return taken;
    },
  };
}
