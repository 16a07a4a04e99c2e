// Sends requests to a provider of AI with the account that was chosen for them. Rule: no credential of the client's goes along with it,
// and nothing of an account that the same request was tried with before.
import type { Exchange } from '../../contract/exchange.ts';
import type { Policy } from '../../contract/policy.ts';
import type { AccountGroup } from '../../services/accounts/account-group.ts';
import { type ForeseeableAccounts, foreseenAccount } from './foreseen-account.ts';

export interface AiAccountOptions {
  /** Exchanges name the account that was chosen as their exit. */
  readonly accounts: ForeseeableAccounts & Pick<AccountGroup, 'find'>;
  /** Told of every answer that goes to a client. */
  readonly answered: (exchange: Exchange) => void;
}

const BETA_FIELD = 'anthropic-beta';

export function aiAccount({ accounts, answered }: AiAccountOptions): Policy {
  /** The beta features of clients, to which accounts may have added theirs. */
  const betas = new WeakMap<Exchange, readonly string[]>();
  return {
    name: nameOf(accounts),
    upstream(exchange: Exchange): void {
      const account = accounts.find(exchange.exit)?.data.account;
      if (account === undefined || !account.isReady) {
        exchange.fail('credential_unavailable');
        return;
      }
      if (!accounts.isAlone) restoreBetas(exchange, betas);
      account.put(exchange.request.fields);
    },
    response: answered,
    upgraded(exchange: Exchange): null {
      answered(exchange);
      return null;
    },
    done(exchange: Exchange): void {
      betas.delete(exchange);
    },
    foresee: (exchange) => foreseenAccount(accounts, exchange),
  };
}

function restoreBetas(exchange: Exchange, betas: WeakMap<Exchange, readonly string[]>): void {
  const { fields } = exchange.request;
  const before = betas.get(exchange);
  if (before === undefined) betas.set(exchange, fields.getAll(BETA_FIELD));
  else {
    fields.remove(BETA_FIELD);
    for (const list of before) fields.append(BETA_FIELD, list);
  }
}

function nameOf({ members, isAlone }: AiAccountOptions['accounts']): string {
  if (!isAlone) return 'ai-accounts';
  return members[0]?.data.account.kind === 'store' ? 'ai-store' : 'ai-key';
}
