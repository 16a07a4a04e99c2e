// One of several processes that use the same store: asks for its login several times at once and prints what it got. Run with the kind of
// the store, its file, the token endpoint and how many times.
import { claudeStore } from '../../src/services/credentials/claude-store.ts';
import { codexStore } from '../../src/services/credentials/codex-store.ts';
import { CredentialStore } from '../../src/services/credentials/credential-store.ts';
import { requestToken } from '../../src/services/credentials/token-request.ts';
import { endpointAt } from './token-endpoint.ts';

const [kind = '', file = '', url = '', times = '1'] = process.argv.slice(2);
const endpoint = endpointAt(url);
const format = kind === 'codex' ? codexStore : claudeStore;
const store = new CredentialStore({ file, format, ask: (question) => requestToken(endpoint, question) });
// What keeps a lock or a store fresh keeps no process alive; this one has to wait for its answers.
const stay = setInterval(() => {}, 60_000);
const logins = await Promise.all(Array.from({ length: Number(times) }, () => store.require()));
clearInterval(stay);
process.stdout.write(`${JSON.stringify(logins.map(({ accessToken }) => accessToken))}\n`);
await store.close();
