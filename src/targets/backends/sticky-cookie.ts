// The cookie by which a client gets to the same backend again. Rule: it names a backend without saying which, and a client whose
// backend cannot be used goes to another one and is told so by a new cookie.
import type { Exchange } from '../../contract/exchange.ts';
import type { Policy } from '../../contract/policy.ts';
import type { Group } from '../../services/balance/group.ts';
import { opaqueId } from '../../services/sticky/opaque-id.ts';
import type { BackendMember, BackendOrigin } from './balanced-backends.ts';

export interface StickyCookieOptions {
  readonly name: string;
  /** How long a client without requests keeps its backend. */
  readonly ttlMs: number;
  readonly group: Group<BackendOrigin>;
  /** Milliseconds since 1970. Default: Date.now. */
  readonly now?: () => number;
}

interface Binding {
  readonly member: BackendMember;
  readonly ageMs: number;
}

/** It is given anew after this part of its time: not with every answer, which would be in the way of caches. */
const RENEWED_AFTER = 0.1;
const BASE = 36;

export class StickyCookie implements Policy {
  readonly name = 'sticky-cookie';
  private readonly cookie: string;
  private readonly ttlMs: number;
  private readonly group: Group<BackendOrigin>;
  private readonly now: () => number;
  private members: ReadonlyMap<string, BackendMember> = new Map();

  constructor({ name, ttlMs, group, now = Date.now }: StickyCookieOptions) {
    this.cookie = name;
    this.ttlMs = ttlMs;
    this.group = group;
    this.now = now;
    group.watch(() => this.nameMembers());
    this.nameMembers();
  }

  private nameMembers(): void {
    this.members = new Map(this.group.members.map((member) => [this.idOf(member), member]));
  }

  /** The backend of this client; null when it has none, or one that cannot be used. */
  choose(exchange: Exchange): BackendMember | null {
    const binding = this.read(exchange);
    return binding !== null && this.group.admits(binding.member) ? binding.member : null;
  }

  response(exchange: Exchange): void {
    const { response, exit } = exchange;
    const member = response.isOurs ? null : this.group.find(exit);
    if (member === null) return;
    const binding = this.read(exchange);
    if (binding?.member === member && binding.ageMs < this.ttlMs * RENEWED_AFTER) return;
    response.fields.append('Set-Cookie', this.write(member, exchange.client.secure));
  }

  private read({ request }: Exchange): Binding | null {
    const value = cookieIn(request.fields.getAll('cookie'), this.cookie);
    const [id = '', time = ''] = value?.split('.') ?? [];
    const member = this.members.get(id);
    if (member === undefined) return null;
    const ageMs = this.now() - Number.parseInt(time, BASE) * 1000;
    // Of a time that cannot be read it is not known either whether it is over.
    return ageMs <= this.ttlMs ? { member, ageMs } : null;
  }

  private write(member: BackendMember, isSecure: boolean): string {
    const time = Math.floor(this.now() / 1000).toString(BASE);
    const attributes = `Path=/; Max-Age=${Math.ceil(this.ttlMs / 1000)}; HttpOnly; SameSite=Lax`;
    return `${this.cookie}=${this.idOf(member)}.${time}; ${attributes}${isSecure ? '; Secure' : ''}`;
  }

  private idOf({ id }: BackendMember): string {
    return opaqueId(`${this.group.name}\n${id}`);
  }
}

/** The value of the first cookie of that name (RFC 6265, 4.2.1). */
function cookieIn(lines: readonly string[], name: string): string | undefined {
  for (const pair of lines.join(';').split(';')) {
    const mark = pair.indexOf('=');
    if (mark >= 0 && pair.slice(0, mark).trim() === name) return pair.slice(mark + 1).trim();
  }
  return undefined;
}
