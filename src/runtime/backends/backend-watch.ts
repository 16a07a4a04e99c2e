// The backends of one route as the main thread sees them: their state, which it shares with every thread, and the checks of
// them. Rule: what changes in the list of backends changes nothing about when the others are checked next.
import type { BackendsTarget } from '../../config/schema/targets.ts';
import type { BackendHealth } from '../../config/schema/balancing.ts';
import type { SluiceError } from '../../core/errors.ts';
import { Group } from '../../services/balance/group.ts';
import type { MemberTable } from '../../services/balance/member-table.ts';
import type { CheckResult, Member } from '../../services/balance/member.ts';
import { HealthChecker } from '../../services/health/health-checker.ts';
import { checkOrigin, type DialOrigin } from '../../services/health/origin-check.ts';
import type { Resolve } from '../../transport/resolver.ts';
import { backendMembers, poolOf } from '../assemble/assemble-backends.ts';
import { groupOptions } from '../assemble/assemble-hops.ts';
import type { BackendWays } from './backend-ways.ts';
import type { GroupEars } from '../hops/hop-telemetry.ts';
import type { BackendOrigin } from '../registry.ts';
import { type BackendSpec, ResolvedBackends } from './resolved-backends.ts';

export interface BackendWatchInit {
  /** Of the route. */
  readonly name: string;
  readonly to: BackendsTarget;
  readonly table: MemberTable;
  readonly ears: GroupEars;
  readonly dial: DialOrigin;
  readonly resolve: Resolve;
  /** Its own: they end with the watch. */
  readonly ways: BackendWays;
  /** Told when names have come to stand for other members, or cannot be resolved. */
  readonly onNews?: (news: NameNews) => void;
}

/** Ids of members. */
export interface NameNews {
  readonly joined: readonly string[];
  readonly left: readonly string[];
  /** Why a name stands for nobody; null: each stands for somebody. */
  readonly failure: SluiceError | null;
}

const CHECK_TIMEOUT_MS = 5000;

export class BackendWatch {
  readonly pool: string;
  readonly group: Group<BackendOrigin>;
  readonly #ways: BackendWays;
  readonly #names: ResolvedBackends;
  readonly #dial: DialOrigin;
  readonly #checker: HealthChecker<BackendOrigin> | null;

  constructor({ name, to, table, ears, dial, resolve, ways, onNews }: BackendWatchInit) {
    this.pool = poolOf(name);
    this.#dial = dial;
    this.#ways = ways;
    this.#names = new ResolvedBackends({ specs: backendMembers(to, ways), to, resolve });
    const options = { ...groupOptions(to), ...ears };
    this.group = new Group({ name: this.pool, table, members: this.#names.members(), options });
    this.#names.watch(() => {
      const news = this.#takeMembers();
      onNews?.(news);
    });
    this.#checker = to.health === null ? null : this.#createChecker(to.health, dial);
  }

  /** With the addresses that are known of their names. */
  get specs(): readonly BackendSpec[] {
    return this.#names.members();
  }

  /** Begins with the checks, if there are any. */
  start(): void {
    this.#checker?.start();
  }

  /** Takes other backends; those that stay keep the time of their next check. */
  update(to: BackendsTarget): void {
    this.#names.configure(backendMembers(to, this.#ways), to);
    this.#takeMembers();
  }

  /** Another node has given up the member of that id: whoever has checks looks, else one failure will be enough. */
  suspect(id: string): void {
    const member = this.group.find(id);
    if (member === null) return;
    if (this.#checker === null) member.suspect();
    else void this.#checker.verify(member);
  }

  stop(): void {
    this.#checker?.stop();
    this.#names.dispose();
    this.group.dispose();
    this.#ways.dispose();
  }

  /** One check out of turn. It counts like any other where the route has checks, and is only told where it has none. */
  async check(member: Member<BackendOrigin>): Promise<CheckResult | null> {
    if (this.#checker !== null) return this.#checker.checkNow(member);
    const options = { dial: this.#dial, path: '/', passes: (status: number) => status < 500 };
    return checkOrigin(member.data, options, AbortSignal.timeout(CHECK_TIMEOUT_MS));
  }

  #takeMembers(): NameNews {
    const { group } = this;
    const before = new Set(group.members.map(({ id }) => id));
    group.update(this.#names.members());
    const now = new Set(group.members.map(({ id }) => id));
    return { joined: [...now.difference(before)], left: [...before.difference(now)], failure: this.#names.failure };
  }

  #createChecker(health: BackendHealth, dial: DialOrigin): HealthChecker<BackendOrigin> {
    const { path, status, interval, timeout } = health;
    const passes = (found: number): boolean => {
      return status.length === 0 ? found >= 200 && found < 300 : status.includes(found);
    };
    return new HealthChecker({
      group: this.group,
      check: (member, signal) => checkOrigin(member.data, { dial, path, passes }, signal),
      intervalMs: interval,
      timeoutMs: timeout,
      unhealthyAfter: health.unhealthy_after,
      healthyAfter: health.healthy_after,
    });
  }
}
