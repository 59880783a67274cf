import type { BoxOffice } from '../box-office/box-office.ts';
import type { Format } from '../language/format.ts';
import type { Texts } from '../language/korean.ts';
import type { PageState } from '../state/page-state.ts';

/** The input of every view: the state, the actions, and the texts. */
export interface ViewContext {
  readonly state: PageState;
  readonly office: BoxOffice;
  readonly t: Texts;
  readonly f: Format;
}
