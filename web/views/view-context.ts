import type { BoxOffice } from '../box-office/box-office.ts';
import type { Format } from '../language/format.ts';
import type { Texts } from '../language/korean.ts';
import type { PageState } from '../state/page-state.ts';

/** What every view is made from: what there is, what can be asked for, and how it is said. */
export interface ViewContext {
  readonly state: PageState;
  readonly office: BoxOffice;
  readonly t: Texts;
  readonly f: Format;
}
