import type { Command, Elsewhere, Reply } from '../../actors/command.ts';

/** Another living node and its address, host:port. */
export interface Peer {
  readonly node: string;
  readonly address: string;
  /** The fingerprints of its cluster secrets; null or missing: unknown. */
  readonly secretFingerprints?: readonly string[] | null;
}

export type PeerAnswer = Reply | Elsewhere;

/**
 * `unreachable`: the command never left this node, or the peer said goodbye without accepting it; it had no effect.
 * `lost`: it was sent and got no answer; it may have had an effect. `busy`: this node refused it: too many are in flight.
 */
export type SendOutcome =
  | { readonly type: 'answered'; readonly answer: PeerAnswer }
  | { readonly type: 'unreachable' | 'lost' | 'busy' };

/** The state of the link to one peer. */
export interface PeerLinkState {
  readonly peer: string;
  readonly isUp: boolean;
  /** Commands that wait for the link or for their answer. */
  readonly inFlight: number;
}

export interface PeerLinks {
  /** Dials new peers and drops links to former ones; their commands in flight are `lost`. Idempotent; called 4 times a second. */
  setPeers(peers: readonly Peer[]): void;
  /** Waits for the link for about 1 s at most, and for the answer for `limitMs`. Never rejects. */
  send(node: string, command: Command, limitMs: number): Promise<SendOutcome>;
  /** One entry for each known peer. */
  measure(): readonly PeerLinkState[];
  /** Gives up all commands in flight. Idempotent. */
  close(): Promise<void>;
}

/** Answers commands of peers on this node, immediately if possible. */
export type PeerHandler = (command: Command) => PeerAnswer | Promise<PeerAnswer>;

export interface PeerServer {
  /** The host:port on which it listens. */
  readonly address: string;
  /** Accepts no more commands, answers those in flight within 2 s, then closes. Idempotent. */
  close(): Promise<void>;
}
