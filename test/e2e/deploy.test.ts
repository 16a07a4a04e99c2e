// The files by which Sluice is installed and run, held against the program: what they name exists, and says what the program says. Rule: what
// cannot be run here (Docker, Helm, Nix, the workflows) is parsed and compared; what reads such a file here is asked to.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { EXIT } from '../../src/cli/exit-codes.ts';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { documentSchema } from '../../src/config/schema/document.ts';
import { VERSION } from '../../src/runtime/version.ts';
import { requirePeer } from '../support/peer.ts';
import { listFiles, readSource, ROOT } from '../support/source-tree.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

type Json = Readonly<Record<string, unknown>>;

const DEFAULTS: Config = documentSchema.parse({});
const portOf = (address: string | null): number => Number(address?.split(':').at(-1));
const PORTS = {
  gateway: portOf(DEFAULTS.gateway.listen[0]?.address ?? null),
  egress: portOf(DEFAULTS.egress.listen[0] ?? null),
  metrics: portOf(DEFAULTS.metrics.listen),
};
const HEALTH = ['/health/readiness', '/health/liveness', '/health/startup'];

/** Fails where a variable names no key, or a value that does not hold. */
function configOf(t: TestContext, env: Readonly<Record<string, string>>, file = ''): Promise<Config> {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'sluice.yaml'), file);
  return loadConfig({ files: ['sluice.yaml'], env: { HOME: folder, ...env }, cwd: folder }).then(
    ({ config }) => config,
  );
}

function assertExists(path: string): void {
  assert.ok(existsSync(join(ROOT, path)), `${path} is missing`);
}

/** That the command line knows these flags. */
function assertFlags(command: string, ...flags: readonly string[]): void {
  const { stdout } = spawnSync(process.execPath, [join(ROOT, 'bin', 'sluice'), command, '--help'], {
    encoding: 'utf8',
  });
  for (const flag of flags)
    assert.match(stdout, new RegExp(`(?:^|\\s)${flag}\\b`, 'm'), `sluice ${command} has no ${flag}`);
}

function succeed(command: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', cwd: ROOT, timeout: 60_000 });
  assert.equal(status, 0, `${command} ${args.join(' ')}\n${stdout}${stderr}${error?.message ?? ''}`);
  return stdout + stderr;
}

describe('the image', () => {
  const lines = readSource('deploy/docker/Dockerfile')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n');
  const of = (word: string): string[] => {
    return lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  };

  test('is made of what is there, on the Node that the checkout names', () => {
    const ignored = readSource('.dockerignore').trim().split('\n');
    for (const copy of of('COPY').filter((each) => !each.startsWith('--from'))) {
      for (const path of copy.split(' ').slice(0, -1)) assertExists(path);
    }
    for (const copy of of('COPY').filter((each) => each.startsWith('--from'))) {
      const paths = copy
        .split(' ')
        .slice(1, -1)
        .map((path) => path.replace('/src/', ''));
      // Two of them are made by the build.
      for (const path of paths.filter((each) => each !== 'dist' && each !== 'node_modules')) assertExists(path);
    }
    for (const needed of ['src', 'scripts', 'dashboard', 'bin', 'docs']) assert.ok(!ignored.includes(needed), needed);
    assertExists('scripts/build.ts');
    for (const image of of('FROM')) assert.match(image, new RegExp(`^node:${readSource('.nvmrc').trim()}-`));
  });

  test('runs without rights, at the ports of the program, and is asked how it is', async (t) => {
    assert.match(of('USER')[0] ?? '', /^[1-9]\d+:[1-9]\d+$/);
    assert.deepEqual(of('EXPOSE')[0]?.split(' ').map(Number), [PORTS.gateway, PORTS.egress, PORTS.metrics]);
    const health = /http:\/\/127\.0\.0\.1:(\d+)(\/[\w/]+)/.exec(of('HEALTHCHECK')[0] ?? '');
    assert.deepEqual([Number(health?.[1]), health?.[2]], [PORTS.gateway, HEALTH[0]]);
    const pairs = of('ENV').flatMap((line) =>
      line.split(/\s+/).map((pair): [string, string] => [pair.split('=')[0] ?? '', pair.slice(pair.indexOf('=') + 1)]),
    );
    const config = await configOf(t, Object.fromEntries(pairs));
    assert.equal(config.process.data_dir, '/var/lib/sluice');
    assert.deepEqual([of('ENTRYPOINT'), of('CMD')], [['["sluice"]'], ['["up"]']]);
  });

  test('has beside it what compose names', async (t) => {
    const { services } = parse(readSource('deploy/docker/compose.yaml')) as { services: Record<string, Json> };
    const folder = 'deploy/docker';
    for (const { volumes = [] } of Object.values(services)) {
      for (const source of (volumes as string[]).map((volume) => volume.split(':')[0] ?? '')) {
        if (source.startsWith('.')) assertExists(join(folder, source));
      }
    }
    const { sluice = {} } = services;
    const { context, dockerfile } = sluice['build'] as { context: string; dockerfile: string };
    assertExists(join(folder, context, dockerfile));
    assert.equal(sluice['image'], `sluice:${VERSION}`);
    const config = await configOf(t, sluice['environment'] as Record<string, string>);
    assert.equal(config.process.state, 'redis://valkey:6379');
    const { scrape_configs: jobs } = parse(readSource('deploy/docker/prometheus.yml')) as { scrape_configs: Json[] };
    assert.deepEqual(jobs[0]?.['static_configs'], [{ targets: [`sluice:${PORTS.metrics}`] }]);
    for (const file of ['grafana-source', 'grafana-dashboards']) parse(readSource(`${folder}/${file}.yaml`));
  });
});

describe('the chart', () => {
  const folder = 'deploy/helm/sluice';
  const values = parse(readSource(`${folder}/values.yaml`)) as Json;
  const schema = JSON.parse(readSource(`${folder}/values.schema.json`)) as Json;
  const templates = listFiles(`${folder}/templates/*`);

  test('has the version of the program, and values that its schema allows', () => {
    const { version, appVersion } = parse(readSource(`${folder}/Chart.yaml`)) as Json;
    assert.deepEqual([version, appVersion], [VERSION, VERSION]);
    assert.deepEqual(faultsOf(values, schema, schema), []);
    const wrong = { ...values, replicaCount: '2', ports: { gateway: 0, metrics: 9090 }, more: 1 };
    assert.equal(faultsOf(wrong, schema, schema).length, 3);
  });

  test('is asked for nothing that it has no value for', () => {
    const named = templates.flatMap((file) =>
      [...readSource(file).matchAll(/\.Values\.([\w.]+)/g)].map(([, path]) => path ?? ''),
    );
    assert.ok(named.length > 20);
    const missing = named.filter((path) => {
      let at: unknown = values;
      for (const key of path.split('.')) at = at !== null && typeof at === 'object' ? (at as Json)[key] : undefined;
      return at === undefined;
    });
    assert.deepEqual(missing, []);
    const included = templates.flatMap((file) =>
      [...readSource(file).matchAll(/include "([\w.]+)"/g)].map(([, name]) => name ?? ''),
    );
    const helpers = readSource(`${folder}/templates/_helpers.tpl`);
    for (const name of included) assert.ok(helpers.includes(`define "${name}"`), name);
  });

  test('has balanced templates, and probes that the program answers', () => {
    for (const file of templates) {
      const text = readSource(file);
      const count = (pattern: RegExp): number => [...text.matchAll(pattern)].length;
      assert.equal(count(/\{\{-? (?:if|with|range|define) /g), count(/\{\{-? end -?\}\}/g), file);
    }
    const probes = [...readSource(`${folder}/templates/deployment.yaml`).matchAll(/path: (\/[\w/]+), port: gateway/g)];
    assert.deepEqual(new Set(probes.map(([, path]) => path)), new Set(HEALTH));
    const ports = values['ports'] as Json;
    assert.deepEqual([ports['gateway'], ports['metrics']], [PORTS.gateway, PORTS.metrics]);
  });

  test('starts the program with a config that holds', async (t) => {
    const config = await configOf(t, {}, JSON.stringify(values['config']));
    const grace = config.process.shutdown_grace + config.process.shutdown_delay;
    assert.ok(Number(values['terminationGracePeriodSeconds']) * 1000 > grace);
    assertFlags('up', '-c');
  });
});

describe('the service of systemd', () => {
  const unit = readSource('deploy/systemd/sluice.service');
  const of = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(unit)?.[1] ?? '';

  test('starts, reloads and ends the program as it wants to be', () => {
    assert.equal(of('Type'), 'notify');
    assert.equal(Number(of('RestartPreventExitStatus')), EXIT.config);
    assert.ok(Number.parseInt(of('TimeoutStopSec'), 10) * 1000 > DEFAULTS.process.shutdown_grace);
    assert.match(of('ExecStart'), /^\/usr\/bin\/sluice up -c /);
    assertFlags('up', '-c', '--takeover');
    assert.match(of('Environment'), /SLUICE_PROCESS__DATA_DIR=\/var\/lib\/sluice\b/);
    assert.match(readSource('deploy/systemd/60-sluice.conf'), /^net\.ipv4\.tcp_migrate_req = 1$/m);
  });

  test('is told how to reload, and how long a sign of life may take', () => {
    assert.equal(of('ExecReload'), '/usr/bin/sluice reload');
    assert.match(of('WatchdogSec'), /^\d+s$/);
    for (const key of ['WatchdogSec', 'RestartPreventExitStatus', 'TimeoutStopSec', 'SystemCallErrorNumber']) {
      const value = new RegExp(`${key} = "?(\\w+)"?;`).exec(readSource('nix/module.nix'))?.[1];
      assert.equal(value, of(key).replace(/s$/, ''), key);
    }
  });

  test('has a socket beside it that the gateway takes', () => {
    const socket = readSource('deploy/systemd/sluice.socket');
    assert.deepEqual(
      [...socket.matchAll(/^ListenStream=(.*)$/gm)].map(([, at]) => at),
      [DEFAULTS.gateway.listen[0]?.address],
    );
  });

  test('satisfies systemd, also in how little it may do', (t) => {
    const analyze = requirePeer(t, 'systemd-analyze');
    if (analyze === undefined) return;
    const folder = temporaryFolder(t);
    const file = join(folder, 'sluice.service');
    const socket = join(folder, 'sluice.socket');
    writeFileSync(socket, readSource('deploy/systemd/sluice.socket'));
    // Where it is not installed.
    writeFileSync(file, unit.replaceAll('/usr/bin/sluice', process.execPath));
    const said = succeed(analyze, 'verify', '--man=no', file, socket);
    assert.doesNotMatch(said, /sluice\.(?:service|socket).*(?:Unknown|Failed|ignoring)/);
    const level = /Overall exposure level[^:]*: ([\d.]+)/.exec(
      succeed(analyze, 'security', '--offline=true', file),
    )?.[1];
    assert.ok(Number(level) < 2.5, `exposed as ${level}`);
  });
});

describe('the flake and the formula', () => {
  test('can be read by Nix, and name what is there', (t) => {
    const nix = requirePeer(t, 'nix-instantiate');
    if (nix === undefined) return;
    const files = ['flake.nix', ...listFiles('nix/*.nix')];
    assert.ok(files.length > 3);
    for (const file of files) {
      succeed(nix, '--parse', file);
      for (const [, path = ''] of readSource(file).matchAll(/(?<![\w.])(\.\.?\/[\w./-]+\.(?:nix|json))/g)) {
        assertExists(join(dirname(file), path));
      }
    }
    for (const path of ['scripts/build.ts', 'bin/sluice', 'docs/errors.md', 'LICENSE']) assertExists(path);
  });

  test('keep the service of NixOS as closed as that of systemd', () => {
    const own = readSource('nix/module.nix');
    const unit = readSource('deploy/systemd/sluice.service');
    const keys = [
      ...unit.matchAll(/^(Protect\w+|Restrict(?!Prevent)\w+|Private\w+|NoNewPrivileges|LockPersonality)=/gm),
    ];
    const missing = keys.map(([, key]) => key ?? '').filter((key) => !own.includes(`${key} = `));
    assert.deepEqual(missing, []);
  });

  test('can be read by Ruby, and has the version of the program', (t) => {
    const ruby = requirePeer(t, 'ruby');
    if (ruby === undefined) return;
    const formula = readSource('deploy/homebrew/sluice.rb');
    succeed(ruby, '-c', 'deploy/homebrew/sluice.rb');
    assert.ok(formula.includes(`/v${VERSION}/sluice-${VERSION}.tgz"`));
    assertFlags('config', 'validate');
    assertFlags('config', 'init');
    // The service has the file that is installed.
    assert.match(formula, /pkgetc\.install "sluice\.yaml"[^]*etc\/"sluice\/sluice\.yaml"/);
  });

  test('give the service of NixOS one file, so that other settings are reloaded', () => {
    const own = readSource('nix/module.nix');
    assert.match(own, /environment\.etc\."sluice\/sluice\.yaml"\.source = file;/);
    assert.match(own, /ExecStart = "\S+ \S+ up -c \/etc\/sluice\/sluice\.yaml";/);
    assert.match(own, /reloadTriggers = \[ file \];/);
  });
});

describe('the workflows', () => {
  const files = listFiles('.github/workflows/*.yml');
  const { scripts } = JSON.parse(readSource('package.json')) as { scripts: Record<string, string> };

  test('run what is there', () => {
    assert.deepEqual(files, ['.github/workflows/release.yml', '.github/workflows/test.yml']);
    for (const file of files) {
      const text = readSource(file);
      assert.deepEqual(
        parseAllDocuments(text).flatMap((document) => ('errors' in document ? document.errors : [])),
        [],
      );
      for (const [, name = ''] of text.matchAll(/npm run ([\w-]+)/g))
        assert.ok(name in scripts, `${file}: npm run ${name}`);
      for (const [path] of text.matchAll(/(?<![\w/.])(?:scripts|deploy)\/[\w./-]+/g)) assertExists(path);
      assert.doesNotMatch(text, /permissions: write-all/);
    }
  });

  test('run no action that somebody could change, and leave no credentials behind', () => {
    for (const file of files) {
      const text = readSource(file);
      for (const [, action = ''] of text.matchAll(/uses: (.*)$/gm))
        assert.match(action, /@[\da-f]{40} # v\d/, `${file}: ${action}`);
      const checkouts = [...text.matchAll(/actions\/checkout@.*\n\s+with: \{ persist-credentials: false \}/g)];
      assert.equal(checkouts.length, [...text.matchAll(/actions\/checkout@/g)].length, file);
    }
    // What is published is made of nothing that an earlier run has left.
    assert.doesNotMatch(readSource('.github/workflows/release.yml'), /cache: npm/);
  });

  test('give each artefact a name of its own', () => {
    const release = readSource('.github/workflows/release.yml');
    assert.match(release, /mv "chart\/sluice-\$version\.tgz" "out\/sluice-chart-\$version\.tgz"/);
    assert.match(readSource('docs/guide-deployment.md'), /tar -xzf sluice-[\d.]+-linux-x64\.tar\.gz sluice /);
    assert.match(release, /tar -czf "\$name\.tar\.gz" -C out sluice LICENSE README\.md/);
  });

  test('test on three systems, and release for them with checksums and their origin', () => {
    const { jobs } = parse(readSource('.github/workflows/test.yml')) as {
      jobs: Record<string, { strategy: { matrix: { os: string[] } } }>;
    };
    const systems = jobs['test']?.strategy.matrix.os.map((name) => name.split('-')[0]);
    assert.deepEqual(systems, ['ubuntu', 'macos', 'windows']);
    const release = readSource('.github/workflows/release.yml');
    assert.match(release, /tags: \['v\*'\]/);
    for (const part of ['SHA256SUMS', 'attest-build-provenance', 'build-executable.ts', '--provenance']) {
      assert.ok(release.includes(part), part);
    }
  });
});

describe('the guide', () => {
  const page = readSource('docs/guide-deployment.md');

  test('names files that are there and commands that the program has', () => {
    for (const [path] of page.matchAll(/(?<![\w/.])(?:scripts|deploy)\/[\w./-]*\w/g)) assertExists(path);
    assertFlags('up', '-c', '--takeover');
    assertFlags('config', 'validate');
    assert.match(page, /systemctl kill --kill-whom=main --signal=SIGUSR2 sluice/);
    for (const [, version] of page.matchAll(/sluice-(\d+\.\d+\.\d+)/g)) assert.equal(version, VERSION);
  });

  test('sets values that the chart has', () => {
    const values = readSource('deploy/helm/sluice/values.yaml');
    for (const [, path = ''] of page.matchAll(/--set ([\w.]+)=/g)) {
      assert.ok(
        path.split('.').every((key) => values.includes(`${key}:`)),
        path,
      );
    }
  });
});

interface Rules {
  readonly type?: string | string[];
  readonly enum?: unknown[];
  readonly oneOf?: Json[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Json;
}

/** What of JSON Schema the chart makes use of. */
function faultsOf(value: unknown, schema: Json, root: Json, path = ''): string[] {
  const reference = schema['$ref'] as string | undefined;
  if (reference !== undefined) {
    const definitions = root['definitions'] as Readonly<Record<string, Json>>;
    return faultsOf(value, definitions[reference.split('/').at(-1) ?? ''] ?? assert.fail(reference), root, path);
  }
  const rules = schema as Rules;
  const own = faultOf(value, rules, root);
  if (own !== null) return [`${path}: ${own}`];
  const { items } = rules;
  if (Array.isArray(value)) {
    return items === undefined ? [] : value.flatMap((each, i) => faultsOf(each, items, root, `${path}[${i}]`));
  }
  return isOf(value, 'object') ? faultsIn(value as Json, schema, root, path) : [];
}

function faultOf(value: unknown, rules: Rules, root: Json): string | null {
  const { type, enum: allowed, oneOf } = rules;
  const fitting = oneOf?.filter((each) => faultsOf(value, each, root).length === 0).length ?? 1;
  if (fitting !== 1) return 'none of them';
  if (type !== undefined && ![type].flat().some((each) => isOf(value, each))) return `no ${[type].flat().join(' or ')}`;
  if (allowed !== undefined && !allowed.includes(value)) return 'none of them';
  return typeof value === 'number' && isOutside(value, rules) ? 'out of range' : null;
}

function isOutside(value: number, { minimum = value, maximum = value }: Rules): boolean {
  return value < minimum || value > maximum;
}

function faultsIn(value: Json, schema: Json, root: Json, path: string): string[] {
  const known = (schema['properties'] ?? {}) as Readonly<Record<string, Json>>;
  const missing = ((schema['required'] ?? []) as string[])
    .filter((key) => !(key in value))
    .map((key) => `${path}.${key}: missing`);
  const found = Object.entries(value).flatMap(([key, each]) => {
    const own = known[key];
    if (own !== undefined) return faultsOf(each, own, root, `${path}.${key}`);
    return schema['additionalProperties'] === false ? [`${path}.${key}: unknown`] : [];
  });
  return [...missing, ...found];
}

function isOf(value: unknown, type: string): boolean {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'object') return value !== null && typeof value === 'object' && !Array.isArray(value);
  return typeof value === type;
}
