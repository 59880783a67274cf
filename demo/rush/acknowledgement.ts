import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

/** A seat of a hold, payment or refund; `seq` is the number of the change that was acknowledged. */
export interface AcknowledgedSeat {
  readonly reservationId: string;
  readonly seatNumber: number;
  readonly seq: number;
}

/** A 2xx answer that changed something; the service may never take it back. */
export type Acknowledgement =
  | {
      readonly kind: 'hold';
      readonly userId: string;
      readonly scheduleId: number;
      readonly seats: readonly AcknowledgedSeat[];
      readonly createdAt: string;
      readonly expiresAt: string;
    }
  | {
      readonly kind: 'release';
      readonly userId: string;
      readonly scheduleId: number;
      readonly seats: readonly AcknowledgedSeat[];
    }
  /** The queue was left; holds of these reservations are cancelled, or end with their time. */
  | { readonly kind: 'leave'; readonly userId: string; readonly reservationIds: readonly string[] }
  | {
      readonly kind: 'charge';
      readonly userId: string;
      readonly entryId: number;
      readonly amount: number;
      readonly currentBalance: number;
    }
  | {
      readonly kind: 'payment' | 'refund';
      readonly userId: string;
      readonly paymentId: string;
      readonly scheduleId: number;
      readonly amount: number;
      readonly seats: readonly AcknowledgedSeat[];
    };

/** Everything that the service acknowledged, in the order in which the answers arrived. */
export interface AcknowledgementLog {
  /** Returns when the operating system has the line, which then survives this process but not the machine. */
  note(acknowledgement: Acknowledgement): void;
  all(): readonly Acknowledgement[];
  close(): void;
}

/** A log in memory, and as lines of JSON in `file` where there is one. */
export function createAcknowledgementLog(file: string | null): AcknowledgementLog {
  const descriptor = file === null ? null : openSync(file, 'a');
  const noted: Acknowledgement[] = [];
  let open = descriptor !== null;
  return {
    note(acknowledgement) {
      noted.push(acknowledgement);
      if (descriptor !== null && open) writeSync(descriptor, `${JSON.stringify(acknowledgement)}\n`);
    },
    all: () => noted,
    close() {
      if (descriptor !== null && open) {
        open = false;
        closeSync(descriptor);
      }
    },
  };
}

/** The whole lines of a file that such a log wrote, also while it is being written. */
export function readAcknowledgements(file: string): Acknowledgement[] {
  const text = readFileSync(file, 'utf8');
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const parsed: unknown = JSON.parse(line);
      if (!isAcknowledgement(parsed)) throw new Error(`${file} holds a line that is no acknowledgement: ${line}`);
      return parsed;
    });
}

const KINDS: readonly unknown[] = [
  'hold',
  'release',
  'leave',
  'charge',
  'payment',
  'refund',
] satisfies Acknowledgement['kind'][];

/** The log wrote the lines itself, so their kind is enough. */
function isAcknowledgement(value: unknown): value is Acknowledgement {
  return typeof value === 'object' && value !== null && 'kind' in value && KINDS.includes(value.kind);
}
