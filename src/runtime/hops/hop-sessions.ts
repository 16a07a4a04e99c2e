// The sessions of the forward proxy at the hops: which proxy of a group each is bound to, and how the provider behind a hop is
// told of it. Rule: bindings outlive a reload as long as the rules for them stay the same.
import type { Config } from '../../config/config.ts';
import type { HopSession } from '../../config/schema/hops.ts';
import type { StickyEgress } from '../../config/schema/egress.ts';
import type { Group } from '../../services/balance/group.ts';
import type { Member } from '../../services/balance/member.ts';
import type { Credentials, ProxyEndpoint } from '../../services/chain/proxy-endpoint.ts';
import { CredentialTemplate, type CredentialTemplateOptions } from '../../services/sticky/credential-template.ts';
import { PROVIDER_TEMPLATES } from '../../services/sticky/provider-templates.ts';
import type { SharedBindings } from '../../services/sticky/shared-bindings.ts';
import { StickySessions } from '../../services/sticky/sticky-sessions.ts';
import type { HopSessions, Session } from '../registry.ts';

const ALPHANUMERIC = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const UNITS = { seconds: 's', minutes: 'm', text: 'text' } as const;

export class ConfiguredSessions implements HopSessions {
  private readonly bindings: StickySessions;
  private readonly templates: ReadonlyMap<string, CredentialTemplate>;
  private readonly maxTtlMs: number;

  constructor(bindings: StickySessions, { hops, egress }: Config) {
    const told = Object.entries(hops).flatMap(([name, { session }]) =>
      session === null ? [] : ([[name, session]] as const),
    );
    this.bindings = bindings;
    this.maxTtlMs = egress.sticky.max_ttl;
    this.templates = new Map(told.map(([name, session]) => [name, new CredentialTemplate(templateOf(session))]));
  }

  choose(
    { key, ttlMs, tags }: Session,
    group: Group<ProxyEndpoint>,
    tried: ReadonlySet<Member<ProxyEndpoint>>,
  ): Member<ProxyEndpoint> | null | undefined {
    if (key === '') return undefined;
    return this.bindings.pick(group, { key, ttlMs: this.granted(ttlMs) }, { exclude: tried, tags });
  }

  credentialsFor({ key, ttlMs, tags }: Session, endpoint: ProxyEndpoint): Credentials | null {
    const template = this.templates.get(endpoint.hop);
    if (template === undefined) return null;
    return template.write(endpoint, { session: key === '' ? null : key, ttlMs: this.granted(ttlMs), tags });
  }

  tells(hop: string, label: string): boolean {
    return this.templates.get(hop)?.mentions(label) === true;
  }

  /** What a client asks for, as far as it may; null: it asks for nothing. */
  private granted(ttlMs: number): number | null {
    return ttlMs === 0 ? null : Math.min(ttlMs, this.maxTtlMs);
  }
}

/** Bindings for rules that may change with the configuration. */
export class SessionBindings {
  private rules = '';
  private sessions: StickySessions | null = null;
  private readonly elsewhere: SharedBindings | null;

  constructor(elsewhere: SharedBindings | null = null) {
    this.elsewhere = elsewhere;
    if (elsewhere !== null) elsewhere.adopt = (name, memberId) => this.sessions?.adopt(name, memberId);
  }

  under({ ttl, idle_ttl, max_ttl, max_sessions, mode }: StickyEgress): StickySessions {
    const rules = JSON.stringify([ttl, idle_ttl, max_ttl, max_sessions, mode]);
    if (this.sessions === null || rules !== this.rules) {
      this.sessions = new StickySessions({
        ttlMs: ttl,
        idleTtlMs: idle_ttl,
        maxTtlMs: max_ttl,
        maxSessions: max_sessions,
        mode,
        elsewhere: this.elsewhere,
      });
      this.rules = rules;
    }
    return this.sessions;
  }
}

/** That of the provider, with what the configuration says otherwise. */
function templateOf({
  template,
  username,
  password,
  id,
  ttl,
  country,
  user_prefix,
}: HopSession): CredentialTemplateOptions {
  const base: CredentialTemplateOptions = template === null ? PLAIN : PROVIDER_TEMPLATES[template];
  return {
    username: username ?? base.username,
    password: password ?? base.password,
    session: {
      alphabet: id.alphabet ?? base.session.alphabet,
      minLength: id.min_length ?? base.session.minLength,
      maxLength: id.max_length ?? base.session.maxLength,
    },
    ttl: {
      unit: ttl.unit === null ? base.ttl.unit : UNITS[ttl.unit],
      minMs: ttl.min ?? base.ttl.minMs,
      maxMs: ttl.max ?? base.ttl.maxMs,
    },
    country: country ?? base.country,
    userPrefix: user_prefix ?? base.userPrefix ?? '',
  };
}

const PLAIN: CredentialTemplateOptions = {
  username: '{user}',
  password: '{password}',
  session: { alphabet: ALPHANUMERIC, minLength: 1, maxLength: 32 },
  ttl: { unit: 's', minMs: 1000, maxMs: 86_400_000 },
  country: 'lower',
};
