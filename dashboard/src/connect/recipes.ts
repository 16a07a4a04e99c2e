// What to type so that a program goes through Sluice. Rule: only what works with the doors that are open and the parts that are on; a token is a
// placeholder, and is asked for only where it is wanted.
import type { ConfigAnswer, DoorAnswer } from '../../../src/control/admin-answers.ts';

export interface Recipe {
  readonly name: string;
  readonly text: string;
  readonly note?: string;
}

export interface RecipeGroup {
  readonly title: string;
  readonly about: string;
  readonly recipes: readonly Recipe[];
}

type Settings = ConfigAnswer['config'];

/** In place of what only the user has. */
const TOKEN = 'YOUR_TOKEN';

export function recipesFor(doors: readonly DoorAnswer[], config: Settings): RecipeGroup[] {
  const egress = addressOf(doors, 'egress');
  const gateway = addressOf(doors, 'gateway');
  const groups: RecipeGroup[] = [];
  if (egress !== undefined) groups.push(outThrough(egress, asksWho(config, 'egress')));
  if (gateway !== undefined) {
    groups.push(acrossBy(gateway));
    if (isOn(config, 'ai')) groups.push(aiThrough(gateway));
    if (isOn(config, 'agents') || isOn(config, 'exec')) groups.push(programsAt(gateway, config));
  }
  return groups;
}

function outThrough(address: URL, isAsked: boolean): RecipeGroup {
  const { host, hostname, port } = address;
  const url = isAsked ? `http://YOU:${TOKEN}@${host}` : `http://${host}`;
  return {
    title: 'Out through proxies',
    about: isAsked ? 'The password is the token of the user.' : 'Nobody is asked who they are at this door.',
    recipes: [
      { name: 'curl', text: `curl -x ${url} https://example.com` },
      { name: 'curl, by SOCKS', text: `curl -x ${url.replace('http:', 'socks5h:')} https://example.com` },
      {
        name: 'git',
        text: `git config --global http.proxy ${url}`,
        note: 'Undone by git config --global --unset http.proxy',
      },
      { name: 'npm', text: `npm config set proxy ${url}\nnpm config set https-proxy ${url}` },
      {
        name: 'A shell, whole',
        text: 'eval "$(sluice env)"',
        note: 'On this machine; HTTP_PROXY, HTTPS_PROXY and NO_PROXY of everything in it.',
      },
      { name: 'One command', text: 'sluice run -- curl https://example.com' },
      {
        name: 'A browser',
        text: `chromium --proxy-server=http://${host}`,
        note: `Others: as HTTP and HTTPS proxy ${hostname}, port ${port}, or as SOCKS v5 host with names looked up there.`,
      },
    ],
  };
}

function acrossBy({ origin }: URL): RecipeGroup {
  return {
    title: 'Across, by the gateway',
    about: 'Names are routes of the config; a test need not wait for DNS.',
    recipes: [
      { name: 'curl', text: `curl ${origin}/` },
      { name: 'curl, as a name', text: `curl -H 'Host: app.example.com' ${origin}/` },
      { name: 'Why it goes where', text: `sluice explain ${origin}/` },
    ],
  };
}

function aiThrough({ origin }: URL): RecipeGroup {
  return {
    title: 'Claude and ChatGPT',
    about: 'The token is the one of a user who may ai.',
    recipes: [
      { name: 'Claude Code', text: `ANTHROPIC_BASE_URL=${origin}/claude ANTHROPIC_AUTH_TOKEN=${TOKEN} claude` },
      {
        name: 'Codex',
        text: codexFile(origin),
        note: 'In ~/.codex/config.toml; it takes the token from the variable SLUICE_TOKEN.',
      },
      { name: 'Libraries of OpenAI', text: `OPENAI_BASE_URL=${origin}/chatgpt/v1\nOPENAI_API_KEY=${TOKEN}` },
      { name: 'Libraries of Anthropic', text: `ANTHROPIC_BASE_URL=${origin}/claude\nANTHROPIC_API_KEY=${TOKEN}` },
    ],
  };
}

function codexFile(origin: string): string {
  return `model_provider = "sluice"

[model_providers.sluice]
name = "Sluice"
base_url = "${origin}/chatgpt/v1"
env_key = "SLUICE_TOKEN"
wire_api = "responses"`;
}

function programsAt({ origin }: URL, config: Settings): RecipeGroup {
  const ask = (path: string, body: string): string =>
    `curl -N ${origin}${path} -H 'Authorization: Bearer ${TOKEN}' -H 'Content-Type: application/json' \\\n  -d '${body}'`;
  const recipes: Recipe[] = [];
  if (isOn(config, 'exec')) {
    recipes.push({ name: 'A command', text: ask('/cli/execute', '{"command": "echo", "args": ["hello"]}') });
  }
  if (isOn(config, 'agents')) {
    recipes.push({ name: 'An agent', text: ask('/agent/stream', '{"prompt": "What is in this folder?"}') });
  }
  return { title: 'Commands and agents', about: 'The token is the one of a user who may exec or agents.', recipes };
}

function addressOf(doors: readonly DoorAnswer[], name: string): URL | undefined {
  const address = doors.find((door) => door.name === name)?.address;
  return address !== undefined && URL.canParse(address) ? new URL(address) : undefined;
}

function isOn(config: Settings, section: string): boolean {
  return (config[section] as { readonly enabled?: boolean } | undefined)?.enabled === true;
}

function asksWho(config: Settings, section: string): boolean {
  return (config[section] as { readonly auth?: unknown } | undefined)?.auth === 'users';
}
