// What a page leaves to its reader, for each section that leaves something: files, names of one's own, what runs elsewhere. And what cannot
// be run on a machine for tests, with the reason. Rule: everything here belongs to a section or a command that exists, or a test fails.

import { EICAR } from '../clamd.ts';
import type { Heard, Plan } from '../ai-provider.ts';
import { heardValues } from '../ai-provider.ts';

export interface Direction {
  /** In place of the configuration that the page shows. */
  readonly config?: string;
  /** What the reader's configuration has beside what the page shows; by keys of the top that are not in it. */
  readonly also?: string;
  /** In the folder that the reader works in. */
  readonly files?: Readonly<Record<string, string>>;
  /** No Sluice runs yet. */
  readonly isAlone?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** What the reader has started, in place of `sluice up`. */
  readonly start?: string;
  /** How the provider of AI answers. */
  readonly provider?: (heard: Heard) => Plan | undefined;
  readonly hasClamd?: boolean;
  /** What the reader puts into the DNS before a command, found in what the command before it has said. */
  readonly proves?: { readonly before: string; readonly name: string; readonly text: RegExp };
  /** What has happened before the section begins, and before Sluice runs. */
  readonly first?: readonly string[];
  /** What has happened with the Sluice that runs. */
  readonly before?: readonly string[];
  /** What is true in the end, or a shell waits for it. */
  readonly after?: readonly string[];
  /** What the reader does in between: before the command that begins so. */
  readonly prior?: Readonly<Record<string, string>>;
  /** What the reader puts in place of a word: a word of the shell. */
  readonly fills?: Readonly<Record<string, string>>;
  /** The exit code, by the beginning of a command, where it is not 0. */
  readonly exits?: Readonly<Record<string, number>>;
  /** What happens while a list is followed, so that it has something to say. */
  readonly meanwhile?: string;
  /** What ends TLS for a name hands it on to a port of this machine. */
  readonly forwards?: Readonly<Record<string, number>>;
  /** Ports that nobody listens on but what the section starts. */
  readonly taken?: readonly number[];
}

export interface Exception {
  /** The beginning of a command. */
  readonly command: string;
  readonly reason: string;
}

const OTHERS = 'a program of others, which the page names for comparison';
const INSTALLED =
  'the package is installed and started by test/e2e/package.test.ts; here it would come from the registry';
const NO_SYSTEMD = 'needs systemd as the first process; the unit is judged in test/e2e/deploy.test.ts';
const NO_DOCKER = 'needs a container engine; the files are held against the program in test/e2e/deploy.test.ts';
const RELEASED = 'needs a published release; the file itself is made and run by test/e2e/executable.test.ts';

export const EXCEPTIONS: readonly Exception[] = [
  { command: 'npm test', reason: 'this very suite' },
  { command: 'npx sluice up', reason: INSTALLED },
  { command: 'npm install --global sluice', reason: INSTALLED },
  { command: 'sha256sum --check --ignore-missing SHA256SUMS', reason: RELEASED },
  { command: 'gh attestation verify', reason: RELEASED },
  { command: 'tar -xzf sluice-', reason: RELEASED },
  {
    command: 'node scripts/build-executable.ts',
    reason: 'takes half a minute, and is done by test/e2e/executable.test.ts',
  },
  { command: 'install -m 644 deploy/systemd/60-sluice.conf', reason: 'sets what the whole machine has only one of' },
  { command: 'systemctl', reason: NO_SYSTEMD },
  { command: 'apt-get install', reason: 'is what the tests do to get their peers, and would change the machine' },
  { command: 'docker', reason: NO_DOCKER },
  { command: 'helm install', reason: 'needs a cluster; the chart is judged in test/e2e/deploy.test.ts' },
  { command: 'nix', reason: 'needs Nix and its store; the flake is parsed in test/e2e/deploy.test.ts' },
  { command: 'brew', reason: 'needs Homebrew; the formula is parsed in test/e2e/deploy.test.ts' },
  { command: 'mitmproxy', reason: OTHERS },
  {
    command: 'retunnel',
    reason: 'the client of ReTunnel, which is another program; its protocol is spoken by test/e2e/tunnels-v3.test.ts',
  },
];

const EXITS = `fr.provider.example:7777
socks5://de.provider.example:1080
`;
const MOOLTIROUTE = `server: { bind_address: 127.0.0.1, port: 8888 }
rotation:
  strategy: weighted
  proxies:
    - { id: fr-1, host: fr.provider.example, port: 7777, protocol: http, weight: 2 }
`;
const TWO_HOPS = `hops:
  corporate: { proxy: "http://\${CORP_USER}:\${CORP_PASS}@proxy.corp.example:8080" }
  exits:
    strategy: least_latency
    proxies:
      - { id: fr-1, url: "http://fr.provider.example:7777", tags: { country: fr } }
      - { id: de-1, url: "socks5://de.provider.example:1080", tags: { country: de } }
`;
/** One key has used up its tokens, the other has not. */
function limited(heard: Heard): Plan {
  const isTeam = heardValues(heard, 'x-api-key').includes('value-of-team-key');
  const left = isTeam ? 0 : 66_400;
  const anew = new Date(Date.now() + (isTeam ? 41_500 : 12_500)).toISOString();
  const name = 'anthropic-ratelimit-input-tokens';
  const fields = { [`${name}-limit`]: '80000', [`${name}-remaining`]: String(left), [`${name}-reset`]: anew };
  if (!isTeam) return { fields };
  const body = JSON.stringify({ type: 'error', error: { type: 'rate_limit_error', message: 'too much' } });
  return { status: 429, body, fields: { ...fields, 'retry-after': '42', 'content-type': 'application/json' } };
}

const ALICE = 'users: [{ name: alice, token: "${ALICE_TOKEN}", may: [ai] }]\n';
const AI = 'ai: { enabled: true, providers: { claude: { credentials: { api_key: "${ANTHROPIC_API_KEY}" } } } }\n';
const ONE_EXIT = `egress: { chain: [exits] }
hops:
  exits:
    proxies: [{ id: fr-1, url: "http://fr.provider.example:7777", tags: { country: fr } }]
    health: { url: "http://example.com/", interval: 1s }
`;
const SHOP = `gateway:
  routes:
    - name: shop
      match: { host: shop.example.com }
      to: { backends: ["http://10.0.0.7:8080"], breaker: { failures: 1, open_for: 1s } }
`;
const ADMIN = 'export TOKEN=$(cat ~/.sluice/admin-token)';
const NEWEST_TOKEN = "$(sluice token ls --json | jq -r '[.tokens[] | select(.id)][-1].id')";
const CERTIFICATE = 'cp $CERTIFICATE tunnels.pem && cp $CERTIFICATE_KEY tunnels.key';
const OPERATOR = { 'tunnels.example.com': 6400, '*.tunnels.example.com': 8080 };
const SERVER_OF_TUNNELS = `tunnels:
  server:
    enabled: true
    domain: tunnels.example.com
    public_url: "https://{subdomain}.tunnels.example.com"
    registration: open
    tcp_ports: 20000-20999
`;

export const DIRECTIONS: Readonly<Record<string, Direction>> = {
  'README.md › Run programs over HTTP': {
    files: { 'data.csv': '1\n2\n39\n', 'sum.py': 'import sys\nprint(sum(map(int, sys.stdin)))\n' },
  },
  'README.md › A new version, and tokens, while it runs': { fills: { '3f9c2a81b04d': NEWEST_TOKEN } },
  'README.md › A local server on a public address': { first: [CERTIFICATE], taken: [443] },
  'docs/ai.md › What requests are sent with': { isAlone: true },
  'docs/ai.md › Several accounts': {
    also: ALICE,
    provider: limited,
    before: [
      'for i in 1 2 3; do curl -s -H "Authorization: Bearer $ALICE_TOKEN" http://127.0.0.1:8080/claude/v1/models; done',
    ],
  },
  'docs/ai.md › Is it well?': {
    config: `ai:
  enabled: true
  providers:
    claude: { credentials: [{ id: team, api_key: "\${TEAM_KEY}" }] }
    chatgpt: { credentials: [{ id: mine, store: auth.json }] }
${ALICE}`,
    exits: { 'sluice ai test': 1 },
  },
  'docs/guide-agents.md › Coding agents behind HTTP': { also: AI },
  'docs/guide-agents.md › Many at once': { also: AI },
  'docs/guide-deployment.md › systemd': { first: ['touch sluice sluice.yaml'] },
  'docs/guide-exec.md › Commands over HTTP': { first: ['mkdir -p /srv/work'] },
  'docs/guide-egress.md › Start': { files: { 'exits.txt': EXITS } },
  'docs/guide-egress.md › Rules': {
    also: `${TWO_HOPS}  cheap: { proxy: "http://10.0.0.1:8080" }
users: [{ name: alice, token: "\${ALICE_TOKEN}", may: [egress] }, { name: batch, token: "\${BATCH_TOKEN}", may: [egress] }]
`,
    env: { SLUICE_EGRESS__AUTH: 'users' },
  },
  'docs/guide-egress.md › Which exit was it?': { config: `egress: { chain: [corporate, exits] }\n${TWO_HOPS}` },
  'docs/guide-gateway.md › Users only: `auth`': { env: { SLUICE_GATEWAY__DEFAULT_BACKEND: 'http://127.0.0.1:9000' } },
  'docs/guide-gateway.md › Which hosts may be reached: `filter`': {
    files: { 'blocked.txt': 'blocked.example\n', '/etc/sluice/hosts.txt': '0.0.0.0 ads.example\n' },
  },
  'docs/guide-gateway.md › No malware: `scan`': {
    hasClamd: true,
    files: { 'eicar.com': EICAR },
    env: { SLUICE_GATEWAY__DEFAULT_BACKEND: 'http://127.0.0.1:9000' },
    exits: { 'curl --data-binary': 22 },
  },
  'docs/guide-migrating.md › ngrok': {
    config: SERVER_OF_TUNNELS,
    forwards: OPERATOR,
    first: [],
    before: ['export NEW_TOKEN=$(sluice tunnels accounts add ann@example.com)'],
    fills: { TOKEN: '$NEW_TOKEN' },
  },
  'docs/guide-migrating.md › `sluice import`': {
    isAlone: true,
    files: {
      'config.yaml': MOOLTIROUTE,
      'config/proxy.yaml': 'server: { port: 8080 }\nrouting: { default_backend: "http://localhost:8000" }\n',
      'filters.yaml': 'filtering: { mode: blocklist, domains: { blocked: [a.example] } }\n',
      '.retunnel.conf':
        '{ "auth_token": "tnl_0123456789abcdef", "server_url": "wss://tunnels.example.com/api/v1/ws/tunnel" }\n',
      'config.json':
        '{ "listen": "127.0.0.1:8080", "users": [{ "name": "alice", "token": "a-long-token-of-alice" }] }\n',
    },
    // They are alternatives: a reader has one of these files.
    prior: {
      'sluice import config/proxy.yaml': 'rm sluice.yaml',
      'sluice import filters.yaml': 'rm sluice.yaml',
      'sluice import --from aimux': 'rm sluice.yaml',
    },
  },
  'docs/guide-configuration.md › Coming from another program': { isAlone: true, files: { 'config.yaml': MOOLTIROUTE } },
  'docs/guide-configuration.md › What wins over what': {
    isAlone: true,
    config: 'gateway:\n  listen: 127.0.0.1:8081\n',
  },
  'docs/guide-operating.md › Starting': {
    files: { 'exits.txt': EXITS },
    // The proxies of this world are on the same machine, and one that listens there keeps others from every address.
    prior: { 'sluice gateway': 'pkill tinyproxy' },
  },
  'docs/guide-operating.md › Tokens': { fills: { '3f9c2a81b04d': NEWEST_TOKEN } },
  'docs/guide-operating.md › What is wrong?': {
    config: `gateway:
  listen: [127.0.0.1:8080, { address: 127.0.0.1:8443, tls: { cert: /etc/sluice/cert.pem, key: /etc/sluice/key.pem } }]
  default_backend: http://10.0.0.7:8080
egress: { chain: [exits] }
hops:
  exits:
    proxies: [{ id: de-1, url: "http://proxy.corp.example:8080" }]
`,
    first: [
      'ulimit -n 1024',
      'mkdir -p /etc/sluice && cd /etc/sluice',
      'openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 10 -subj /CN=shop -addext subjectAltName=DNS:shop.example.com',
      'chmod 600 key.pem && cd',
    ],
    exits: { 'sluice doctor': 1 },
  },
  'docs/guide-operating.md › A new version without a lost request': {
    prior: { 'kill -USR2': 'export OLD=$(sluice status --json | jq .pid)' },
    after: ['until new=$(sluice status --json | jq .pid) && [ "$new" != "$OLD" ]; do sleep 0.1; done'],
  },
  'docs/guide-operating.md › Asking': { before: ['cp ~/.sluice/admin-token token'] },
  'docs/guide-own-policies.md › A whole one': {
    isAlone: true,
    first: ['cp $CHECKOUT/examples/signed-links.ts .'],
    exits: { 'sluice config validate': 3 },
    env: { LINK_SECRET: 'short' },
  },
  'docs/guide-tunnels.md › The client': { forwards: OPERATOR },
  'docs/guide-tunnels.md › Looking into requests, and asking them again': {
    config: `${SERVER_OF_TUNNELS}  client:
    server: wss://tunnels.example.com
    auth_token: "\${ALICE_TOKEN}"
    tunnels:
      - { name: web, local_port: 3000, subdomain: myapp }
users: [{ name: alice, token: "\${ALICE_TOKEN}", may: [tunnels] }]
`,
    forwards: OPERATOR,
    before: [
      ADMIN,
      'until curl -s https://myapp.tunnels.example.com; do sleep 0.1; done',
      'for i in 1 2 3 4 5 6 7; do curl -s https://myapp.tunnels.example.com; done',
    ],
  },
  'docs/guide-tunnels.md › TCP tunnels': {
    config: SERVER_OF_TUNNELS,
    forwards: OPERATOR,
    before: ['sluice register --server wss://tunnels.example.com'],
  },
  "docs/guide-tunnels.md › Hostnames of one's own": {
    forwards: OPERATOR,
    also: 'dns: { servers: [127.0.0.1] }\n',
    before: ['export TOKEN=$(sluice register --print --server wss://tunnels.example.com)'],
    proves: {
      before: 'curl -H "Authorization: Bearer $TOKEN" -X POST',
      name: '_retunnel-challenge.app.customer.com',
      text: /sluice-verification=[\w-]+/,
    },
  },
  'docs/guide-tunnels.md › The operator': {
    before: [
      'sluice register --server ws://127.0.0.1:6400',
      '(sluice http 3000 --subdomain app >/dev/null 2>&1 &)',
      'until sluice tunnels | grep -q app; do sleep 0.1; done',
    ],
    fills: {
      ' ID': ` $(sluice tunnels accounts --json | jq -r '.accounts[] | select(.email == "ann@example.com").id')`,
    },
  },
  'docs/http-api.md › Explain': { config: ONE_EXIT, before: [ADMIN] },
  'docs/http-api.md › Reload': {
    config: 'gateway:\n  routes:\n    - { match: { path: /a }, to: { respond: { body: a } } }\n',
    before: [ADMIN],
    prior: { 'curl -X POST': "echo '    - { match: { path: /b }, to: { respond: { body: b } } }' >>sluice.yaml" },
  },
  'docs/http-api.md › Proxies': {
    config: ONE_EXIT,
    before: [
      ADMIN,
      'for i in 1 2 3; do curl -s -x http://127.0.0.1:8888 https://example.com; done',
      'until curl -s -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8889/api/v1/proxies | grep -q \'"health":"healthy"\'; do sleep 0.1; done',
    ],
  },
  'docs/http-api.md › Usage of AI providers': { before: [ADMIN] },
  'docs/http-api.md › Limits of AI providers': {
    config: `${AI}users:
  - { name: bob, token: "\${BOB_TOKEN}", may: [ai], limits: { ai_models: ["claude-haiku-*"], ai_tokens_per_day: 2000000 } }
`,
    before: [ADMIN],
  },
  'docs/guide-observability.md › The last requests': {
    config: SHOP,
    taken: [8080],
    before: [ADMIN, "curl -s -H 'Host: shop.example.com' 'http://127.0.0.1:8080/cart?token=abc' || true"],
    meanwhile: "curl -s -H 'Host: shop.example.com' http://127.0.0.1:8080/",
  },
  'docs/guide-observability.md › Bodies, and sending again': {
    env: { SLUICE_GATEWAY__DEFAULT_BACKEND: 'http://127.0.0.1:9000' },
    before: ['curl -s http://127.0.0.1:8080/'],
    fills: { '4f1c-27': '$(sluice requests --json --limit 1 | jq -r ".items[0].request_id")' },
  },
  'docs/guide-observability.md › Events': {
    config: SHOP,
    taken: [8080],
    start: 'sluice up --watch',
    before: [
      ADMIN,
      "curl -s -H 'Host: shop.example.com' http://127.0.0.1:8080/ || true",
      'until sluice events | grep -q breaker; do sleep 0.1; done',
      "echo '    - { match: { path: /b }, to: { respond: { body: b } } }' >>sluice.yaml",
      'until sluice events | grep -q reload; do sleep 0.1; done',
    ],
    meanwhile: "curl -s -H 'Host: shop.example.com' http://127.0.0.1:8080/",
  },
};
