// Groups of accounts of a provider of AI without a provider: a clock that moves when it is told to, and requests that go nowhere.
import type { Exchange } from '../../src/contract/exchange.ts';
import { EditableFields } from '../../src/engine/fields.ts';
import { type Account, keyAccount } from '../../src/services/accounts/account.ts';
import { AccountGroup, type AccountGroupInit, type AccountMember } from '../../src/services/accounts/account-group.ts';
import { MemberTable } from '../../src/services/balance/member-table.ts';
import { DryExchange } from '../../src/runtime/explain/dry-exchange.ts';
import { readRequest, requestBytes } from '../../src/runtime/explain/asked-request.ts';
import { METHOD } from '../../src/codec/http1/head.ts';
import { DEFAULT_LIMITS } from '../../src/codec/http1/message-parser.ts';
import { responseHead } from './playbook-heads.ts';

/** Those of an answer. */
export function fieldsOf(fields: Readonly<Record<string, string>>): EditableFields {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
  const editable = new EditableFields();
  editable.begin(responseHead(METHOD.POST, 'HTTP/1.1 200 OK', ...lines));
  return editable;
}

/** A request of that user, in that conversation. */
export function requestOf(user: string, session: string, fields: Readonly<Record<string, string>> = {}): Exchange {
  const named = session === '' ? {} : { 'x-claude-code-session-id': session };
  const lines = Object.entries({ host: 'a.test', ...named, ...fields });
  const read = readRequest(requestBytes('POST /claude/v1/messages', lines), DEFAULT_LIMITS);
  if ('refused' in read) throw new Error(read.refused.detail);
  const exchange = new DryExchange('gateway', { address: '192.0.2.7', localPort: 80 }, read.request);
  exchange.user = user;
  return exchange;
}

export class AccountRig {
  nowMs = 1_000_000_000_000;
  readonly table: MemberTable;
  readonly group: AccountGroup;

  constructor(ids: string, init: Partial<AccountGroupInit> = {}, accounts: Readonly<Record<string, Account>> = {}) {
    this.table = init.table ?? new MemberTable({ capacity: 64 });
    this.group = new AccountGroup({
      name: 'ai/claude',
      table: this.table,
      strategy: 'round_robin',
      dialect: 'anthropic',
      nowMs: () => this.nowMs,
      accounts: ids.split('').map((id) => {
        return { id, weight: 1, revision: id, account: accounts[id] ?? keyAccount(`sk-${id}`, 'anthropic') };
      }),
      ...init,
    });
  }

  member(id: string): AccountMember {
    const member = this.group.find(id);
    if (member === null) throw new Error(`no account ${id}`);
    return member;
  }

  /** Who a request goes with, and it is over at once. */
  pick(exchange: Exchange): string {
    const member = this.group.pick(exchange) ?? this.group.leastBad();
    member?.end(member.begin(), { kind: 'success', latencyMs: 1 });
    return member?.id ?? '-';
  }

  picks(user: string, sessions: string): string {
    return sessions
      .split('')
      .map((session) => this.pick(requestOf(user, session)))
      .join('');
  }

  /** An answer tells that so much is used. */
  uses(id: string, share: number): void {
    const resetsAt = String(Math.round(this.nowMs / 1000) + 3600);
    this.group.noteQuota(
      this.member(id),
      fieldsOf({
        'anthropic-ratelimit-unified-5h-utilization': String(share),
        'anthropic-ratelimit-unified-5h-reset': resetsAt,
      }),
    );
  }

  cools(id: string, forMs: number | null = null): void {
    this.member(id).judge(0, { kind: 'busy', retryAfterMs: forMs });
  }
}
