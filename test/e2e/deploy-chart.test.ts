// The chart as helm reads it, where there is a helm, which Debian has not. Rule: whatever values.yaml offers is wanted by one of these, and what does
// not fit is refused before it reaches a cluster.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { readSource, ROOT } from '../support/source-tree.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

type Json = Readonly<Record<string, unknown>>;

const CHART = 'deploy/helm/sluice';
const NO_HELM = spawnSync('helm', ['version'], { stdio: 'ignore' }).status !== 0 && 'helm is not in Debian';

/** What people want of the chart, and what it makes of that beside what it always makes. */
const WANTED: Readonly<Record<string, { readonly values: Json; readonly kinds: readonly string[] }>> = {
  nothing: { values: {}, kinds: ['PodDisruptionBudget', 'ServiceAccount'] },
  everything: {
    values: {
      autoscaling: { enabled: true, minReplicas: 3 },
      podDisruptionBudget: { maxUnavailable: '25%' },
      serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
      networkPolicy: { enabled: true, from: [{ namespaceSelector: {} }], metricsFrom: [{ podSelector: {} }] },
      ingress: {
        enabled: true,
        className: 'nginx',
        hosts: ['a.example'],
        tls: [{ secretName: 'a', hosts: ['a.example'] }],
      },
      ports: { egress: 8888, tunnels: 6400, nodes: 7946 },
      nodeSecret: { name: 'nodes' },
      image: { tag: '1.2.3' },
      imagePullSecrets: [{ name: 'registry' }],
      env: [{ name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'sluice', key: 'token' } } }],
      envFrom: [{ secretRef: { name: 'more' } }],
      extraVolumes: [{ name: 'tls', secret: { secretName: 'a' } }],
      extraVolumeMounts: [{ name: 'tls', mountPath: '/etc/tls' }],
      config: {
        process: { state: 'redis://valkey:6379' },
        gateway: { tls: { cert: '/etc/tls/tls.crt', key: '/etc/tls/tls.key' } },
      },
      service: { type: 'LoadBalancer', annotations: { a: 'b' } },
      serviceAccount: { annotations: { role: 'x' } },
      podAnnotations: { a: 'b' },
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      tolerations: [{ key: 'a', operator: 'Exists' }],
      affinity: { podAntiAffinity: {} },
      topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' }],
    },
    kinds: [
      'HorizontalPodAutoscaler',
      'Ingress',
      'NetworkPolicy',
      'PodDisruptionBudget',
      'ServiceAccount',
      'ServiceMonitor',
    ],
  },
  'one that keeps its state': {
    values: { replicaCount: 1, persistence: { existingClaim: 'data' }, podDisruptionBudget: { enabled: false } },
    kinds: ['ServiceAccount'],
  },
  'the account of somebody else': {
    values: { serviceAccount: { create: false, name: 'theirs' } },
    kinds: ['PodDisruptionBudget'],
  },
};

const WRONG: readonly (readonly [value: string, said: RegExp])[] = [
  ['replicaCount=x', /replicaCount.*integer/],
  ['ports.gateway=70000', /maximum/],
  ['service.type=None', /service\/type/],
  ['unknown=1', /additional properties/],
  ['env[0].value=x', /missing property 'name'/],
  ['ports.nodes=7946', /ports\.nodes needs nodeSecret\.name/],
  ['persistence.existingClaim=data', /is for one pod/],
];

function helm(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync('helm', args, { encoding: 'utf8', cwd: ROOT, timeout: 60_000 });
}

function succeed(...args: readonly string[]): string {
  const { status, stdout, stderr } = helm(...args);
  assert.equal(status, 0, `helm ${args.join(' ')}\n${stdout}${stderr}`);
  return stdout;
}

describe('the chart', () => {
  test('satisfies helm, where there is one, in whatever way it is wanted', { skip: NO_HELM }, (t) => {
    const file = join(temporaryFolder(t), 'values.yaml');
    for (const [name, wanted] of Object.entries(WANTED)) {
      writeFileSync(file, JSON.stringify(wanted.values));
      succeed('lint', '--strict', CHART, '-f', file);
      const made = parseAllDocuments(succeed('template', 'sluice', CHART, '--kube-version', '1.30.0', '-f', file));
      const kinds = made
        .map((document) => (document.toJS() as Json | null)?.['kind'])
        .filter((kind): kind is string => typeof kind === 'string');
      assert.deepEqual(kinds.toSorted(), ['ConfigMap', 'Deployment', 'Service', ...wanted.kinds].toSorted(), name);
    }
  });

  test('refuses values that do not fit, by helm, where there is one', { skip: NO_HELM }, () => {
    for (const [value, said] of WRONG) {
      const args = ['template', 'sluice', CHART, '--kube-version', '1.30.0', '--set', value];
      const { status, stderr } = helm(...args);
      assert.notEqual(status, 0, value);
      assert.match(stderr, said, value);
    }
  });

  test('offers nothing that is not wanted above', () => {
    const offered = Object.keys(parse(readSource(`${CHART}/values.yaml`)) as Json);
    const wanted = new Set(Object.values(WANTED).flatMap(({ values }) => Object.keys(values)));
    // As they are.
    const left = offered.filter(
      (key) => !wanted.has(key) && key !== 'resources' && key !== 'terminationGracePeriodSeconds',
    );
    assert.deepEqual(left, []);
  });
});
