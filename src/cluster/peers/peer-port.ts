import type { Command, Elsewhere, Reply } from '../../actors/command.ts';

/** Another living node and where it is reached, host:port. */
export interface Peer {
  readonly node: string;
  readonly address: string;
  /** Which cluster secrets it knows; unknown where it is left out or null. */
  readonly secretFingerprints?: readonly string[] | null;
}

export type PeerAnswer = Reply | Elsewhere;

/**
 * `unreachable`: it never left this node, or the peer said goodbye without having taken it; nothing was done.
 * `lost`: sent, never answered; it may have been done. `busy`: refused here, too many under way.
 */
export type SendOutcome =
  | { readonly type: 'answered'; readonly answer: PeerAnswer }
  | { readonly type: 'unreachable' | 'lost' | 'busy' };

/** How the link to one peer is doing. */
export interface PeerLinkState {
  readonly peer: string;
  readonly isUp: boolean;
  /** Commands that wait for the link or for their answer. */
  readonly inFlight: number;
}

export interface PeerLinks {
  /** Dials who is new, drops links to who is gone (what was under way there: lost). Idempotent, cheap to call 4 times a second. */
  setPeers(peers: readonly Peer[]): void;
  /** Never rejects. While the link is being established it waits, at most about 1 s. Answer limit: `limitMs`. */
  send(node: string, command: Command, limitMs: number): Promise<SendOutcome>;
  /** One entry for each known peer. */
  measure(): readonly PeerLinkState[];
  /** Gives up everything that is under way. Idempotent. */
  close(): Promise<void>;
}

/** Answers commands of peers, locally: at once where it can. */
export type PeerHandler = (command: Command) => PeerAnswer | Promise<PeerAnswer>;

export interface PeerServer {
  /** host:port really listened on. */
  readonly address: string;
  /** Takes nothing new, lets what is under way be answered, up to 2 s, then closes. Idempotent. */
  close(): Promise<void>;
}
