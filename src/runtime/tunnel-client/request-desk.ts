// The requests that are kept of the tunnels of one client, for whoever looks into them. Rule: what is shown of them is masked as the
// configuration says, and nothing is asked again without a client.
import type { InspectConfig } from '../../config/schema/tunnel-client.ts';
import { SluiceError } from '../../core/errors.ts';
import { hindrance } from '../../services/tunnel-client/replay.ts';
import { type BookEntry, RequestBook } from '../../services/tunnel-client/request-book.ts';
import type { TunnelClient } from './expose-tunnels.ts';
import { type RequestReport, requestReport } from './request-report.ts';

export class RequestDesk {
  #book: RequestBook | null = null;
  #showsSecrets = false;

  /** null: nothing is kept. */
  get book(): RequestBook | null {
    return this.#book;
  }

  keep(inspect: InspectConfig | false): void {
    this.#showsSecrets = inspect !== false && inspect.show_secrets;
    if (inspect === false) {
      this.#book = null;
      return;
    }
    const limits = { requests: inspect.requests, bodyBytes: inspect.max_body };
    if (this.#book === null) this.#book = new RequestBook(limits);
    else this.#book.keep(limits);
  }

  /** The latest first; null: they are not kept. */
  requests(): RequestReport[] | null {
    return this.#book?.entries().map((entry) => this.#report(entry)) ?? null;
  }

  find(id: number): RequestReport | null {
    const entry = this.#book?.find(id) ?? null;
    return entry === null ? null : this.#report(entry);
  }

  forget(): void {
    this.#book?.clear();
  }

  /** Resolves with what came of it; null: there are no tunnels any more. */
  async replay(id: number, client: TunnelClient | null): Promise<RequestReport> {
    const entry = this.#book?.find(id) ?? null;
    if (entry === null || this.#book === null)
      throw new SluiceError('not_found', { message: `There is no request ${id}.` });
    const why = client === null ? 'there are no tunnels any more' : hindrance(entry);
    if (client === null || why !== null)
      throw new SluiceError('invalid_input', { message: `Request ${id} cannot be asked again: ${why}.` });
    return this.#report(await client.replay(entry, this.#book));
  }

  #report(entry: BookEntry): RequestReport {
    return requestReport(entry, this.#showsSecrets);
  }
}
