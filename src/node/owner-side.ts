import { randomUUID } from 'node:crypto';
import { hostname, networkInterfaces } from 'node:os';
import type { Logger } from 'pino';
import { createScheduleRegistry, type ScheduleRegistry } from '../actors/schedule-registry.ts';
import { type Clock, pause } from '../runtime/clock.ts';
import { createMembership } from '../cluster/membership.ts';
import type { Membership } from '../cluster/membership-port.ts';
import { createNewcomers } from '../cluster/newcomers.ts';
import { createOwnership } from '../cluster/ownership.ts';
import { createKeyRing, type KeyRing } from '../cluster/peers/key-ring.ts';
import { createPeerLinks } from '../cluster/peers/peer-links.ts';
import type { PeerLinks, PeerServer } from '../cluster/peers/peer-port.ts';
import { createPeerServer } from '../cluster/peers/peer-server.ts';
import { createPlacement } from '../cluster/placement.ts';
import { type ClusterRouter, createRouter } from '../cluster/router.ts';
import { createWakes } from '../cluster/wakes.ts';
import type { Config } from '../config/config.ts';
import type { ObservedDatabaseClock } from '../runtime/database-clock.ts';
import type { FlushObserver } from '../persistence/journal/flush-runs.ts';
import { createHeadRecords } from '../persistence/journal/head-rows.ts';
import { createJournal, type LaneJournal } from '../persistence/journal/journal.ts';
import { createNodeRecords } from '../persistence/journal/node-rows.ts';
import type { createPool } from '../persistence/pool.ts';
import { choosePeerHost } from '../config/peer-host.ts';
import type { SeatPublisher } from '../domain/seat-broadcast.ts';
import type { SeatPlans } from '../domain/seat-plan.ts';
import type { Undoing } from './undoing.ts';

/** How long a leaving node hands over its schedules before it stops anyway. */
const HANDOVER_LIMIT_MS = 5_000;

/** The parts of this node that decide on seats, and that forward commands to other owners. */
export interface OwnerSide {
  readonly journal: LaneJournal;
  readonly membership: Membership;
  readonly registry: ScheduleRegistry;
  readonly router: ClusterRouter;
  /** The links to other nodes, by NODE_ID. */
  peers(): readonly { readonly peer: string; readonly isUp: boolean; readonly inFlight: number }[];
  /** Joins the other nodes and starts to own schedules. Adds its own stop to `undoing`. */
  start(undoing: Undoing): Promise<void>;
  /** Hands all schedules to the nodes that stay, while this one continues to serve. Resolves within 5 s; never rejects. */
  retire(): Promise<void>;
}

export interface OwnerSideDependencies {
  readonly config: Config;
  readonly databaseUrl: string;
  readonly pool: ReturnType<typeof createPool>;
  readonly plans: SeatPlans;
  readonly clock: Clock;
  readonly databaseClock: ObservedDatabaseClock;
  readonly newId: () => string;
  readonly log: Logger;
  readonly publisher: SeatPublisher;
  readonly observer: FlushObserver;
  readonly isExpiryTimerOn: boolean;
  readonly onMayOwn: (mayOwn: boolean) => void;
  /** This node must leave the cluster and stop. */
  readonly onFatal: (error: Error) => void;
}

/** Connects the owner's side of a node. With Redis, which nodes share, all of them own schedules; else one at a time. */
export function createOwnerSide(deps: OwnerSideDependencies): OwnerSide {
  const { config, databaseUrl, pool, clock, databaseClock, newId, log, publisher } = deps;
  const isShared = config.REDIS_URL !== undefined;
  const keys = isShared ? createKeyRing(secretsOf(config)) : null;
  const node = () => membership.node;
  let address = '';

  const journal = createJournal({
    databaseUrl,
    pool,
    clock,
    databaseClock,
    log,
    newId,
    node,
    observer: deps.observer,
    tokenEnds: config.QUEUE_TOKEN_ENDS,
  });
  const membership: Membership = createMembership({
    records: createNodeRecords({ pool }),
    heartbeat: journal,
    clock,
    nodeId: config.NODE_ID ?? defaultNodeId(config.PORT),
    address: () => address,
    secretFingerprints: keys?.fingerprints ?? null,
    newIncarnation: randomUUID,
    isExclusive: !isShared,
    log,
    reaches: () => links?.measure().flatMap(({ peer, isUp }) => (isUp ? [peer] : [])) ?? null,
    onLost: () => registry.loseAll(),
    onMayOwn: deps.onMayOwn,
    onForeignSecret: deps.onFatal,
    onLook: follow,
  });
  const newcomers = createNewcomers({ clock, isUrgent: () => membership.isLeaving });
  const placement = createPlacement({
    membership,
    // Nodes that joined before this one count at once: they own schedules, and this node knows nothing yet.
    isReached: (name) => newcomers.hasSettled(name) || !hasJoinedLater(name),
  });
  const registry: ScheduleRegistry = createScheduleRegistry({
    publisher,
    ownership: createOwnership({ heads: createHeadRecords({ pool, plans: deps.plans }), membership, placement }),
    journal,
    clock,
    databaseClock,
    newId,
    log,
    isExpiryTimerOn: deps.isExpiryTimerOn,
    settings: {
      holdTtlMs: config.HOLD_TTL_MS,
      // The first time of a hold is never cut by the limit of all its extensions.
      holdTotalMs: Math.max(config.HOLD_TTL_MS, config.HOLD_TOTAL_MS),
      seatsPerUser: config.MAX_SEATS_PER_USER,
    },
    wakeHeir: (scheduleId) => wakes.wake(scheduleId),
  });
  const links: PeerLinks | null = keys === null ? null : createPeerLinks({ keys, node, clock, log });
  const router = createRouter({ membership, placement, local: registry, peers: links, clock });
  const wakes = createWakes({ router, log });

  function heirOf(scheduleId: number): string | null {
    const heir = placement.ownerOf(scheduleId);
    return heir === membership.node ? null : heir;
  }

  /** Updates links and schedules when the set of live nodes changes. */
  function follow(): void {
    if (links === null) return;
    const peers = membership.living().filter((row) => row.node !== membership.node);
    links.setPeers(peers);
    noteNewcomers(links);
    wakes.tryAgain();
    if (membership.mayOwn())
      handOver().catch((error: unknown) => log.error({ err: error }, 'could not hand over schedules'));
  }

  /** A node that has just joined gets no schedules until its link is up, because their commands would have to wait for the link. */
  function noteNewcomers(standing: PeerLinks): void {
    if (newcomers.note(standing.measure())) placement.reconsider();
  }

  function hasJoinedLater(name: string): boolean {
    const joinedNo = (of: string) => membership.living().find((row) => row.node === of)?.joinedNo ?? 0;
    return joinedNo(name) > joinedNo(membership.node);
  }

  function handOver(): Promise<void> {
    return registry.handOver(heirOf);
  }

  async function startPeerServer(ring: KeyRing): Promise<PeerServer> {
    const host = choosePeerHost(config, { name: hostname(), interfaces: networkInterfaces() });
    const port = config.PEER_PORT ?? 0;
    const starting = createPeerServer({
      host,
      port,
      keys: ring,
      node,
      handle: (command) => registry.serve(command),
      clock,
      log,
    });
    return starting.catch((error: unknown) => {
      throw new Error(`Other nodes cannot be listened for at ${host}:${port}; PEER_HOST and PEER_PORT say where.`, {
        cause: error,
      });
    });
  }

  return {
    journal,
    membership,
    registry,
    router,

    peers: () =>
      (links?.measure() ?? []).map(({ peer, isUp, inFlight }) => ({ peer: peer.split(':', 1).join(), isUp, inFlight })),

    async start(undoing) {
      let server: PeerServer | null = null;
      undoing.add('journal', () => journal.close());
      await journal.start();
      if (keys !== null) {
        server = await startPeerServer(keys);
        undoing.add('peer server', () => server?.close());
        address = config.PEER_ADDRESS ?? server.address;
        log.info({ listeningAt: server.address, announcedAddress: address }, 'listening for other nodes');
      }
      undoing.add('membership', () => membership.close());
      await membership.start();
      registry.start();
      undoing.add('schedules', () => registry.close());
      // Close this before the other nodes notice the leave: then all their commands are answered.
      undoing.add('peer server', () => server?.close());
      if (links !== null) undoing.add('peer links', () => links.close());
    },

    async retire() {
      if (!isShared) return;
      const leaving = membership.retire().then(() => {
        if (links !== null) noteNewcomers(links);
        return handOver();
      });
      await Promise.race([
        leaving.catch((error: unknown) =>
          log.warn({ err: error }, 'could not hand over all schedules; the rest is free once this node has left'),
        ),
        pause(clock, HANDOVER_LIMIT_MS),
      ]);
    },
  };
}

/** The configuration requires a secret wherever nodes have peers. */
function secretsOf({ CLUSTER_SECRET: secret = '', CLUSTER_SECRET_PREVIOUS: previous }: Config) {
  return { secret, ...(previous === undefined ? {} : { previous }) };
}

/** The same over restarts with the same port, so that the schedules of a killed node are free as soon as it is back. */
function defaultNodeId(port: number): string {
  const name = hostname().replaceAll(/[^A-Za-z0-9._-]/g, '-');
  return `${name.slice(0, 50)}-${port === 0 ? randomUUID().slice(-12) : port}`;
}
