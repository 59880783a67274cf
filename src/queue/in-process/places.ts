import type { Place } from '../place.ts';
import { isLive } from '../place.ts';
import type { TokenScribe, TokenSubject } from '../token.ts';

/** Ended tokens stay in memory for the requests that still come with them; older ones are read from their rows. About 30 MiB. */
const ENDED_REMEMBERED = 50_000;

/**
 * The places that this process knows, by token id and by text.
 *
 * A text is remembered with its place once it proved genuine, so that the next request with it costs one look into a map. There
 * is one genuine text per token, hence never more texts than places. Ended places are bounded, the
 * longest ended is forgotten first.
 */
export interface Places {
  /** Live ones. */
  readonly live: number;
  /** The place of a text that proved genuine before. */
  withText(token: string): Place | undefined;
  /** Of a text that is new here: whom it speaks for, if it is genuine, with the place if that is known. */
  examine(token: string): { readonly subject: TokenSubject; readonly place: Place | undefined } | null;
  withId(tokenId: string): Place | undefined;
  add(place: Place): void;
  /** To be called when a place has ended. */
  noteEnded(place: Place): void;
  /** To be called when an end turned out not to be recorded. */
  noteRevived(place: Place): void;
  textOf(place: Place): string;
}

export function createPlaces({ scribe }: { scribe: TokenScribe }): Places {
  const byId = new Map<string, Place>();
  const byText = new Map<string, Place>();
  const ended = new Set<Place>();

  function rememberEnded(place: Place): void {
    ended.add(place);
    if (ended.size <= ENDED_REMEMBERED) return;
    const [oldest] = ended;
    if (oldest === undefined) return;
    ended.delete(oldest);
    byId.delete(oldest.tokenId);
    if (oldest.text !== null) byText.delete(oldest.text);
  }

  return {
    get live() {
      return byId.size - ended.size;
    },

    withText: (token) => byText.get(token),

    examine(token) {
      const subject = scribe.read(token);
      if (subject === null) return null;
      const place = byId.get(subject.tokenId);
      if (place !== undefined) {
        place.text = token;
        byText.set(token, place);
      }
      return { subject, place };
    },

    withId: (tokenId) => byId.get(tokenId),

    add(place) {
      byId.set(place.tokenId, place);
      if (!isLive(place)) rememberEnded(place);
    },

    noteEnded: rememberEnded,

    noteRevived(place) {
      ended.delete(place);
      byId.set(place.tokenId, place);
    },

    textOf(place) {
      if (place.text === null) {
        place.text = scribe.write(place);
        byText.set(place.text, place);
      }
      return place.text;
    },
  };
}
