// An exchange without an engine: its request is given, what becomes of it is written down.
import type { Answer, Exchange, Producer } from '../../src/contract/exchange.ts';
import type { SluiceError } from '../../src/core/errors.ts';

export interface ToldRequest {
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  readonly fields?: readonly [name: string, value: string][];
  readonly hasBody?: boolean;
  readonly upgradeProtocol?: string;
}

export class ToldExchange {
  readonly told: string[] = [];
  answered: Answer | null = null;
  producer: Producer | null = null;
  /** Whoever writes may go on. */
  takes = true;
  readonly exchange: Exchange;

  constructor({ method = 'GET', path = '/', host = 'app.test', fields = [], ...rest }: ToldRequest = {}) {
    const { hasBody = false, upgradeProtocol = '' } = rest;
    const of = (name: string): string[] =>
      fields.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value);
    const view = {
      entries: () => [...fields],
      get: (name: string) => of(name)[0],
      getAll: of,
      has: (name: string) => of(name).length > 0,
      remove: (name: string) => this.told.push(`remove ${name}`),
    };
    const wantsUpgrade = upgradeProtocol !== '';
    this.exchange = {
      id: 'own-id',
      client: { address: '192.0.2.7' },
      request: { method, target: path, path, query: '', host, fields: view, hasBody, upgradeProtocol, wantsUpgrade },
      answer: (answer: Answer) => {
        this.answered = answer;
        this.told.push(`answer ${answer.status}`);
      },
      produce: (producer: Producer) => (this.producer = producer),
      respond: ({ status }: { status: number }, length: number) => this.told.push(`respond ${status} ${length}`),
      write: (bytes: Buffer) => {
        this.told.push(`write ${bytes.toString()}`);
        return this.takes;
      },
      end: () => this.told.push('end'),
      abort: ({ code }: SluiceError) => this.told.push(`abort ${code}`),
      pauseRequest: () => this.told.push('pause'),
      resumeRequest: () => this.told.push('resume'),
      switchTo: () => null,
    } as unknown as Exchange;
  }

  get code(): string {
    return (JSON.parse(String(this.answered?.body)) as { error: { code: string } }).error.code;
  }
}
