// Groups for tests: a clock that only moves when it is told to, chance from a seed, and what happened as text.
import { Admission } from '../../src/services/balance/admission.ts';
import type { GroupOptions } from '../../src/services/balance/group-rules.ts';
import { Group } from '../../src/services/balance/group.ts';
import { MemberTable } from '../../src/services/balance/member-table.ts';
import type { Member, MemberSpec } from '../../src/services/balance/member.ts';
import type { Outcome } from '../../src/services/balance/outcome.ts';

export const FAILURE: Outcome = { kind: 'failure', reason: 'upstream_unreachable' };
export const SUCCESS: Outcome = { kind: 'success', latencyMs: 10 };
export const NEUTRAL: Outcome = { kind: 'neutral' };

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export type RigMember = Partial<MemberSpec<string>> & { readonly id: string };

export class BalanceRig {
  now = 1_000_000;
  /** `a opened`, in order. */
  readonly events: string[] = [];
  readonly table: MemberTable;
  readonly group: Group<string>;

  constructor(members: readonly RigMember[] | string, options: Partial<GroupOptions> = {}, table?: MemberTable) {
    this.table = table ?? new MemberTable({ capacity: 256 });
    this.group = new Group({
      name: 'group',
      table: this.table,
      members: specs(members),
      options: {
        strategy: 'round_robin',
        now: () => this.now,
        random: seededRandom(1),
        onEvent: (id, kind) => this.events.push(`${id} ${kind}`),
        ...options,
      },
    });
  }

  update(members: readonly RigMember[] | string): void {
    this.group.update(specs(members));
  }

  member(id: string): Member<string> {
    const member = this.group.find(id);
    if (member === null) throw new Error(`no member ${id}`);
    return member;
  }

  /** One use of this member from beginning to end. */
  use(id: string, outcome: Outcome = SUCCESS): void {
    const member = this.member(id);
    member.end(member.begin(), outcome);
  }

  /** Who is picked and used, one after the other; `-` for nobody. */
  picks(count: number, outcome: Outcome = SUCCESS, ask: Parameters<Group<string>['pick']>[0] = {}): string {
    return Array.from({ length: count }, () => {
      const member = this.group.pick(ask);
      member?.end(member.begin(), outcome);
      return member?.id ?? '-';
    }).join('');
  }

  /** How often each was picked. */
  shares(count: number, outcome: Outcome = SUCCESS): Record<string, number> {
    const shares: Record<string, number> = {};
    for (const id of this.picks(count, outcome)) shares[id] = (shares[id] ?? 0) + 1;
    return shares;
  }

  admission(): Admission<string> {
    return new Admission(() => this.now, seededRandom(2));
  }

  takeEvents(): string[] {
    return this.events.splice(0);
  }
}

function specs(members: readonly RigMember[] | string): MemberSpec<string>[] {
  const list: readonly RigMember[] = typeof members === 'string' ? members.split('').map((id) => ({ id })) : members;
  return list.map((member) => ({ data: member.id, ...member }));
}

/** How far counts are from what was expected, in the sense of Pearson. */
export function chiSquare(counts: readonly number[], expected: readonly number[]): number {
  return counts.reduce((sum, count, index) => {
    const wanted = expected[index] ?? 0;
    return sum + (count - wanted) ** 2 / wanted;
  }, 0);
}
