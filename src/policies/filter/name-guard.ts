// The name that a client asks for in TLS, inside a tunnel, against the one that it gave us for the tunnel. Rule: a tunnel to a name
// leads to that name; whatever a client says in clear in its handshake must pass the filter too; what is no TLS has shown its name
// already.
import { ClientHelloReader, type ClientHello } from '../../codec/tls/client-hello.ts';
import type { TunnelGuard } from '../../contract/policy.ts';
import { SluiceError } from '../../core/errors.ts';
import type { DomainFilter } from '../../services/domains/domain-filter.ts';
import { destinationOf } from '../../services/rules/destination.ts';

export class NameGuard implements TunnelGuard {
  readonly #filter: DomainFilter;
  /** Where the tunnel leads. */
  readonly #host: string;
  readonly #reader = new ClientHelloReader();

  constructor(filter: DomainFilter, host: string) {
    this.#filter = filter;
    this.#host = host;
  }

  take(bytes: Uint8Array, from: number, to: number): 'more' | 'pass' | SluiceError {
    this.#reader.feed(bytes, from, to);
    const { state } = this.#reader;
    if (state.kind === 'reading') return 'more';
    if (state.kind === 'not_tls') return 'pass';
    if (state.kind === 'faulty') return refusal(`the client's TLS cannot be read: ${state.detail}`);
    return this.#judge(state.hello) ?? 'pass';
  }

  #judge({ serverName, hasEncryptedHello }: ClientHello): SluiceError | null {
    if (serverName === null) return null;
    const asked = destinationOf(serverName);
    if (asked === null || !this.#filter.lets(asked.host))
      return refusal('the client asks for a server that is filtered');
    const goal = destinationOf(this.#host);
    // Whoever hides the name shows that of whoever can read it. An address may bear any name.
    if (hasEncryptedHello || goal === null || goal.ip !== null || goal.host === asked.host) return null;
    return refusal('the client asks for another server than the tunnel leads to');
  }
}

function refusal(message: string): SluiceError {
  return new SluiceError('tunnel_name_denied', { message });
}
