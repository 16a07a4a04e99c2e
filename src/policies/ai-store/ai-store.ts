// Sends requests to a provider of AI with the login of a store. Rule: no credential of the client's goes along with it, and a request
// never goes out with a login that is known to have run out.
import type { Exchange, Fields } from '../../contract/exchange.ts';
import type { Policy } from '../../contract/policy.ts';
import { SluiceError } from '../../core/errors.ts';
import type { CredentialStore } from '../../services/credentials/credential-store.ts';
import type { Login } from '../../services/credentials/store-format.ts';

export type LoginSource = Pick<CredentialStore, 'login' | 'require' | 'refused' | 'close'>;

export interface AiStoreOptions {
  readonly store: LoginSource;
  /** Added once to the client's own list of beta features; null: nothing is. */
  readonly beta: string | null;
}

const BETA_FIELD = 'anthropic-beta';
const ACCOUNT_FIELD = 'chatgpt-account-id';
const SCHEME = 'Bearer ';

export function aiStore({ store, beta }: AiStoreOptions): Policy {
  /** What has waited for a login and is over by then is somebody else's request. */
  const waiting = new WeakMap<Exchange, object>();
  const send = ({ request: { fields } }: Exchange, login: Login): void => {
    putLogin(fields, login);
    if (beta !== null) addBeta(fields, beta);
  };
  const waitFor = async (exchange: Exchange): Promise<void> => {
    const turn = {};
    waiting.set(exchange, turn);
    try {
      const login = await store.require();
      if (waiting.get(exchange) === turn) send(exchange, login);
    } catch (error) {
      if (waiting.get(exchange) !== turn) return;
      exchange.fail(error instanceof SluiceError ? error.code : 'internal');
    }
  };
  return {
    name: 'ai-store',
    upstream(exchange: Exchange): void | Promise<void> {
      const { login } = store;
      if (login === null) return waitFor(exchange);
      send(exchange, login);
    },
    response({ request, response }: Exchange): void {
      if (response.status !== 401 || response.isOurs) return;
      const sent = request.fields.get('authorization') ?? '';
      void store.refused(sent.slice(SCHEME.length));
    },
    done(exchange: Exchange): void {
      waiting.delete(exchange);
    },
    foresee: () => 'sends the login of the store',
    dispose(): void {
      void store.close();
    },
  };
}

function putLogin(fields: Fields, { accessToken, accountId }: Login): void {
  fields.remove('authorization');
  fields.remove('x-api-key');
  fields.remove(ACCOUNT_FIELD);
  fields.append('Authorization', SCHEME + accessToken);
  if (accountId !== null) fields.append('ChatGPT-Account-Id', accountId);
}

/** The client's list stays as it is, and gets one more. */
function addBeta(fields: Fields, beta: string): void {
  const lists = fields.getAll(BETA_FIELD);
  const [first] = lists;
  if (first === undefined) fields.append(BETA_FIELD, beta);
  else if (!lists.some((list) => list.split(',').some((item) => item.trim() === beta))) {
    if (lists.length === 1) fields.set(BETA_FIELD, `${first},${beta}`);
    else fields.append(BETA_FIELD, beta);
  }
}
