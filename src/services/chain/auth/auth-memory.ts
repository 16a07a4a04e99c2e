// What is known about the credentials of one proxy beyond a single connection: which scheme it takes, the nonce in use,
// whether they were ever accepted. Rule: it belongs to one identity; another user at the same proxy has another memory.
import { BasicAuth } from './basic-auth.ts';
import { parseChallenges } from './challenges.ts';
import { DigestAuth, type DigestMemory } from './digest-auth.ts';
import type { HopAuth } from './hop-auth.ts';
import { NtlmAuth } from './ntlm-auth.ts';
import type { HopAuthScheme, ProxyEndpoint } from '../proxy-endpoint.ts';

/** The strongest first. */
const STRENGTH: readonly HopAuthScheme[] = ['ntlm', 'digest', 'basic'];

export class AuthMemory {
  /** They have been accepted since they were last refused. */
  wasAccepted = false;
  readonly #username: string;
  readonly #password: string;
  readonly #digest: DigestMemory = { nonce: null, isOpen: false };
  /** The proxy has the choice. */
  readonly #isOpen: boolean;
  #scheme: HopAuthScheme;

  constructor(username: string, password: string, scheme: HopAuthScheme | null) {
    this.#username = username;
    this.#password = password;
    this.#isOpen = scheme === null;
    this.#scheme = scheme ?? 'basic';
  }

  /** For a new connection. */
  begin(): HopAuth {
    return new RememberingAuth(this, this.create(this.#scheme));
  }

  create(scheme: HopAuthScheme): HopAuth {
    if (scheme === 'digest') return new DigestAuth(this.#username, this.#password, this.#digest);
    return scheme === 'ntlm'
      ? new NtlmAuth(this.#username, this.#password)
      : new BasicAuth(this.#username, this.#password);
  }

  /** The scheme to go over to when the one in use is not among those offered; null when it is, or there is no choice. */
  turnTo(values: readonly string[]): HopAuthScheme | null {
    const offered = new Set(parseChallenges(values).map(({ scheme }) => scheme));
    if (!this.#isOpen || offered.has(this.#scheme)) return null;
    const better = STRENGTH.find((scheme) => offered.has(scheme)) ?? null;
    this.#scheme = better ?? this.#scheme;
    return better;
  }
}

/** Goes over to another scheme when the proxy wants one, and notes what is accepted. */
class RememberingAuth implements HopAuth {
  readonly #memory: AuthMemory;
  #auth: HopAuth;
  #hasTurned = false;

  constructor(memory: AuthMemory, auth: HopAuth) {
    this.#memory = memory;
    this.#auth = auth;
  }

  get isBound(): boolean {
    return this.#auth.isBound;
  }

  get wantsRehearsal(): boolean {
    return this.#auth.wantsRehearsal;
  }

  authorize(method: string, target: string): string | null {
    return this.#auth.authorize(method, target);
  }

  challenge(values: readonly string[]): boolean {
    const other = this.#hasTurned ? null : this.#memory.turnTo(values);
    if (other === null) return this.#auth.challenge(values);
    this.#hasTurned = true;
    this.#auth = this.#memory.create(other);
    // Digest is answered from this very challenge; NTLM begins with an offer of ours.
    return other !== 'digest' || this.#auth.challenge(values);
  }

  accepted(): void {
    this.#memory.wasAccepted = true;
    this.#auth.accepted();
  }
}

const memories = new WeakMap<ProxyEndpoint, AuthMemory>();

/** The memory of an endpoint; null when it has no credentials, or speaks SOCKS. */
export function authMemoryOf(endpoint: ProxyEndpoint): AuthMemory | null {
  const { username, password, protocol, auth } = endpoint;
  if (username === null || (protocol !== 'http' && protocol !== 'https')) return null;
  const known = memories.get(endpoint);
  if (known !== undefined) return known;
  const memory = new AuthMemory(username, password ?? '', auth);
  memories.set(endpoint, memory);
  return memory;
}
