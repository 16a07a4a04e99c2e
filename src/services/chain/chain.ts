// A chain of hops, each a group of proxies: picks a member of every group, dials through them, and tries others when one
// fails. Rule: it fails closed. What cannot be reached through every one of its hops is not reached at all, and a hop that
// has failed costs no other hop its attempts or its good name.
import type { Group } from '../balance/group.ts';
import { ChainRun } from './chain-run.ts';
import type { ChainOptions } from './chain-options.ts';
import type { ChainAsk, ChainDialler, ChainHandler, Destination, Dialling } from './chain-link.ts';
import type { ProxyEndpoint } from './proxy-endpoint.ts';
import { RetryBudget } from './retry-budget.ts';

export class Chain implements ChainDialler {
  readonly options: ChainOptions;
  readonly #retries: RetryBudget;

  constructor(options: ChainOptions) {
    this.options = options;
    this.#retries = new RetryBudget(options.retryShare);
  }

  get name(): string {
    return this.options.name;
  }

  get groups(): readonly Group<ProxyEndpoint>[] {
    return this.options.groups;
  }

  dial(destination: Destination | null, ask: ChainAsk | null, handler: ChainHandler): Dialling {
    this.#retries.earn();
    const run = new ChainRun({ options: this.options, retries: this.#retries, destination, ask }, handler);
    run.start();
    return run;
  }
}
