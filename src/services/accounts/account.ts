// One of the accounts that requests to a provider of AI can be sent with: an API key, or the login of a store. Rule: what it puts into a
// request takes the place of everything by which the client says who it is.
import type { Fields } from '../../contract/exchange.ts';
import { NameSet } from '../../codec/http1/name-set.ts';
import type { CredentialStore } from '../credentials/credential-store.ts';
import type { AccountDialect } from './quota-fields.ts';

export type LoginSource = Pick<CredentialStore, 'login' | 'report' | 'require' | 'refused' | 'close'>;

export interface Account {
  readonly kind: 'api_key' | 'store';
  /** It can be put into a request at once. */
  readonly isReady: boolean;
  /** Only its owner can mend it. */
  readonly isDead: boolean;
  /** Waits until it is ready; rejects when that is not possible. */
  require(): Promise<unknown>;
  /** It has to be ready. */
  put(fields: Fields): void;
  /** What a request with these fields was sent with was refused: whether there is something better by now. */
  renew(fields: Fields): Promise<boolean>;
  dispose(): void;
}

const OF_CLIENT = new NameSet(['authorization', 'x-api-key', 'chatgpt-account-id']);
const BETA_FIELD = 'anthropic-beta';
const SCHEME = 'Bearer ';
const READY: Promise<void> = Promise.resolve();

export function keyAccount(key: string, dialect: AccountDialect): Account {
  const [name, value] = dialect === 'anthropic' ? ['x-api-key', key] : ['Authorization', SCHEME + key];
  return {
    kind: 'api_key',
    isReady: true,
    isDead: false,
    require: () => READY,
    put(fields) {
      fields.removeAll(OF_CLIENT);
      fields.append(name, value);
    },
    renew: () => Promise.resolve(false),
    dispose() {},
  };
}

/** `beta` joins the client's own list of beta features, once; null: nothing does. */
export function storeAccount(store: LoginSource, beta: string | null): Account {
  let wasRead = false;
  /** With this token nothing can be asked, however long it would hold. */
  let refused: string | null = null;
  return {
    kind: 'store',
    get isReady() {
      return store.login !== null;
    },
    get isDead() {
      // Before anybody has looked at its file, nothing is known of it.
      const { login } = store;
      if (login === null ? !wasRead : login.accessToken !== refused) return false;
      return store.report.state === 'dead';
    },
    async require() {
      try {
        await store.require();
      } finally {
        wasRead = true;
      }
    },
    put(fields) {
      const { login } = store;
      if (login === null) return;
      fields.removeAll(OF_CLIENT);
      fields.append('Authorization', SCHEME + login.accessToken);
      if (login.accountId !== null) fields.append('ChatGPT-Account-Id', login.accountId);
      if (beta !== null) addBeta(fields, beta);
    },
    async renew(fields) {
      const sent = (fields.get('authorization') ?? '').slice(SCHEME.length);
      await store.refused(sent);
      const isBetter = store.login !== null && store.login.accessToken !== sent;
      if (!isBetter) refused = sent;
      return isBetter;
    },
    dispose() {
      void store.close();
    },
  };
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
