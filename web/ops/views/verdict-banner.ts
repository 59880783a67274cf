import { type ElementNode, h } from '../../view/node.ts';
import type { OpsState } from '../ops-state.ts';
import type { Words } from '../words.ts';
import type { OpsContext } from './ops-context.ts';

type Mood = 'healthy' | 'degraded' | 'trouble' | 'unknown';

/** Each state has its own shape, so that colour is not the only sign. */
const SHAPES: Readonly<Record<Mood, string>> = {
  healthy: 'M24 3a21 21 0 1 0 0 42a21 21 0 1 0 0-42ZM14 24.5l7 7L34.5 17',
  degraded: 'M24 4L46 43H2ZM24 17v13M24 36v.5',
  trouble: 'M15 3h18l12 12v18L33 45H15L3 33V15ZM16 16l16 16M32 16L16 32',
  unknown: 'M24 3a21 21 0 1 0 0 42a21 21 0 1 0 0-42ZM24 12v12l8 6',
};

/** The state of the sale in one word that is readable across the room, with the reasons. */
export function verdictBanner({ state, words, format }: OpsContext): ElementNode {
  const { mood, word } = moodOf(state, words);
  const reasons = state.silentSinceMs === null ? (state.verdict?.reasons ?? []) : [];
  const plain =
    state.silentSinceMs !== null
      ? words.silentWords(format.clock(state.silentSinceMs))
      : state.verdict === null
        ? words.unknownWords
        : reasons.length === 0 && words.healthyWords;
  return h(
    'section',
    { class: `verdict verdict-${mood}`, 'aria-labelledby': 'verdict-title' },
    h('svg', { class: 'verdict-sign', viewBox: '0 0 48 48', 'aria-hidden': 'true' }, h('path', { d: SHAPES[mood] })),
    h(
      'div',
      // Announced once per change; the figures beside it change every second and are not announced.
      { class: 'verdict-words', role: 'status' },
      h('h1', { id: 'verdict-title', class: 'verdict-title' }, word),
      plain !== false && h('p', {}, plain),
      reasons.length > 0 &&
        h(
          'ul',
          { class: 'verdict-reasons' },
          reasons.map(({ code, severity, detail, subject, node }) =>
            h(
              'li',
              {
                key: `${code} ${subject} ${node}`,
                class: `reason reason-${severity === 'DEGRADED' ? 'degraded' : 'trouble'}`,
              },
              detail,
            ),
          ),
        ),
    ),
  );
}

/** The verdict in a word, and its looks. */
export function moodOf(
  { verdict, silentSinceMs }: OpsState,
  words: Words,
): { readonly mood: Mood; readonly word: string } {
  if (silentSinceMs !== null) return { mood: 'trouble', word: words.silent };
  switch (verdict?.state) {
    case 'HEALTHY':
      return { mood: 'healthy', word: words.healthy };
    case 'DEGRADED':
      return { mood: 'degraded', word: words.degraded };
    case 'IN_TROUBLE':
      return { mood: 'trouble', word: words.inTrouble };
    case undefined:
      return { mood: 'unknown', word: words.unknown };
  }
}
