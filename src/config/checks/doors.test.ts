import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatPath } from '../key-path.ts';
import { isWritten } from '../origins.ts';
import { fromJson, type JsonValue } from '../source-tree.ts';
import { validate } from '../validate.ts';
import {
  checkAddresses,
  checkControlDoors,
  checkExposure,
  checkLoops,
  checkOpenServices,
  checkUsersExist,
} from './doors.ts';
import type { Check } from './finding.ts';

function run(check: Check, document: JsonValue): string[] {
  const place = { source: { kind: 'flag', name: '', folder: '/', text: '' }, from: 0, to: 0 } as const;
  const root = fromJson(document, place);
  const result = validate(root);
  assert.ok('config' in result, JSON.stringify(result));
  const findings = check({ config: result.config, isWritten: (path) => isWritten(root, path) });
  return findings.map(({ severity, code, path }) => `${severity ?? 'error'} ${code} ${formatPath(path)}`);
}

describe('doors of the control plane', () => {
  test('are behind no other door, however they are spelled', () => {
    for (const host of ['127.0.0.1', 'localhost', '127.1', '0x7f.1', '2130706433']) {
      assert.deepEqual(run(checkControlDoors, { gateway: { default_backend: `http://${host}:8889` } }), [
        'error config_unsafe gateway.default_backend',
      ]);
    }
    const routes = [{ to: { backends: ['http://127.0.0.1:9091', 'http://localhost:9090/metrics'] } }];
    assert.deepEqual(run(checkControlDoors, { gateway: { routes } }), [
      'error config_unsafe gateway.routes[0].to.backends[1].url',
    ]);
    const client = { server: 'https://t.example', tunnels: [{ name: 'a', local_port: 8889 }] };
    assert.deepEqual(run(checkControlDoors, { tunnels: { client } }), [
      'error config_unsafe tunnels.client.tunnels[0].local_port',
    ]);
    assert.deepEqual(
      run(checkControlDoors, { admin: { listen: null }, gateway: { default_backend: 'http://localhost:8889' } }),
      [],
    );
  });
});

describe('addresses of doors', () => {
  test('are all different by default', () => assert.deepEqual(run(checkAddresses, {}), []));

  test('that are the same are told at the one that somebody wrote', () => {
    assert.deepEqual(run(checkAddresses, { metrics: { listen: '127.0.0.1:8080' } }), [
      'error config_conflict metrics.listen',
    ]);
    assert.deepEqual(run(checkAddresses, { gateway: { listen: '127.0.0.1:9090' } }), [
      'error config_conflict gateway.listen[0].address',
    ]);
  });

  test('overlap when one of them is every address', () => {
    assert.deepEqual(run(checkAddresses, { gateway: { listen: ':8889' } }), [
      'error config_conflict gateway.listen[0].address',
    ]);
    assert.deepEqual(run(checkAddresses, { metrics: { listen: '0.0.0.0:8080' } }), [
      'error config_conflict metrics.listen',
    ]);
    assert.deepEqual(run(checkAddresses, { gateway: { listen: ['127.0.0.1:1', '127.0.0.2:1'] } }), []);
  });

  test('may share a port that the system is to choose, and sockets differ by path', () => {
    const listen = ['127.0.0.1:0', '127.0.0.1:0', 'unix:/a', 'unix:/b'];
    assert.deepEqual(run(checkAddresses, { gateway: { listen }, admin: { listen: '127.0.0.1:0' } }), []);
    assert.deepEqual(run(checkAddresses, { gateway: { listen: ['unix:/a', 'unix:/a'] } }), [
      'error config_conflict gateway.listen[1].address',
    ]);
  });

  test('of doors that are closed are nobody’s', () => {
    assert.deepEqual(run(checkAddresses, { admin: { listen: null }, metrics: { listen: '127.0.0.1:8889' } }), []);
    const gateway = { listen: ['127.0.0.1:8888', '127.0.0.1:6400'] };
    assert.deepEqual(run(checkAddresses, { gateway, egress: { listen: null } }), []);
  });

  test('of the forward proxy and of a tunnel server that is on count too', () => {
    const document = {
      gateway: { listen: ['127.0.0.1:8888', '127.0.0.1:6400'] },
      tunnels: { server: { enabled: true } },
    };
    assert.equal(run(checkAddresses, document).length, 2);
  });
});

describe('what is open to the network', () => {
  test('is nothing by default', () => {
    for (const check of [checkExposure, checkOpenServices, checkUsersExist, checkLoops])
      assert.deepEqual(run(check, {}), []);
  });

  test('is warned of: the admin door', () => {
    assert.deepEqual(run(checkExposure, { admin: { listen: ':8889' } }), ['warning config_unsafe admin.listen']);
    for (const listen of ['localhost:1', '[::1]:1', '127.9.9.9:1', 'unix:/a', null]) {
      assert.deepEqual(run(checkExposure, { admin: { listen } }), []);
    }
  });

  test('is warned of: an admin token that can be guessed', () => {
    assert.deepEqual(run(checkExposure, { admin: { token: 'short' } }), ['warning config_unsafe admin.token']);
    assert.deepEqual(run(checkExposure, { admin: { token: 'x'.repeat(16) } }), []);
  });

  test('is refused: a forward proxy for everybody, unless it is meant', () => {
    const listen = ':8888';
    assert.deepEqual(run(checkExposure, { egress: { listen } }), ['error config_unsafe egress.listen[0]']);
    assert.deepEqual(run(checkExposure, { egress: { listen: ['127.0.0.1:1', '10.0.0.1:1'] } }), [
      'error config_unsafe egress.listen[1]',
    ]);
    // An address can be forged or shared: it is no client authentication.
    assert.deepEqual(run(checkExposure, { egress: { listen, policies: { acl: { allow: ['10.0.0.0/8'] } } } }), [
      'error config_unsafe egress.listen[0]',
    ]);
    assert.deepEqual(run(checkExposure, { egress: { listen, allow_open: true } }), []);
    assert.deepEqual(run(checkExposure, { egress: { listen, auth: 'users' } }), []);
    assert.deepEqual(run(checkExposure, { policies: { auth: 'users' }, egress: { listen } }), []);
    assert.deepEqual(
      run(checkExposure, { policies: { auth: 'users' }, egress: { listen, policies: { auth: 'none' } } }),
      ['error config_unsafe egress.listen[0]'],
    );
  });

  test('is refused: AI for everybody', () => {
    const ai = { enabled: true, auth: 'none' };
    assert.deepEqual(run(checkOpenServices, { ai, gateway: { listen: ':80' } }), ['error config_unsafe ai.auth']);
    assert.deepEqual(run(checkOpenServices, { ai }), []);
    assert.deepEqual(run(checkOpenServices, { ai: { ...ai, enabled: false }, gateway: { listen: ':80' } }), []);
  });
});

test('commands and agents for everybody on the network are refused, and those for no user warned of', () => {
  const exec = { enabled: true, allowed_commands: ['/bin/cat'] };
  const gateway = { listen: ':80' };
  const users = (...may: string[]) => [{ name: 'a', token: 'x', may }];
  assert.deepEqual(run(checkOpenServices, { exec, gateway }), ['error config_unsafe exec.enabled']);
  assert.deepEqual(run(checkOpenServices, { exec, gateway, users: users('exec') }), []);
  assert.deepEqual(run(checkOpenServices, { exec, gateway: { ...gateway, own_paths: false } }), []);
  assert.deepEqual(run(checkOpenServices, { exec }), []);
  assert.deepEqual(run(checkOpenServices, { exec, users: users('ai') }), ['warning config_missing exec.enabled']);
  const agents = { enabled: true };
  assert.deepEqual(run(checkOpenServices, { agents, gateway }), ['error config_unsafe agents.enabled']);
  assert.deepEqual(run(checkOpenServices, { agents, gateway, users: users('agents') }), []);
  assert.deepEqual(run(checkOpenServices, { agents, users: users('exec') }), ['warning config_missing agents.enabled']);
});

test('commands that are on without one that may be run are warned of', () => {
  assert.deepEqual(run(checkOpenServices, { exec: { enabled: true } }), ['warning config_missing exec.enabled']);
});

test('asking for users where there are none is warned of, at every place', () => {
  const policies = { auth: 'users' };
  const document = {
    policies,
    egress: { auth: 'users', policies },
    gateway: { policies, routes: [{ to: 'http://a', policies }] },
    ai: { enabled: true },
  };
  assert.deepEqual(run(checkUsersExist, document), [
    'warning config_missing egress.auth',
    'warning config_missing policies.auth',
    'warning config_missing egress.policies.auth',
    'warning config_missing gateway.policies.auth',
    'warning config_missing gateway.routes[0].policies.auth',
    'warning config_missing ai.auth',
  ]);
  const users = [{ name: 'a', token: 'x', may: [] }];
  assert.deepEqual(run(checkUsersExist, { ...document, users }), []);
});

describe('a backend that is the gateway itself', () => {
  test('is refused in any spelling', () => {
    for (const backend of [
      'http://localhost:8080',
      'http://127.0.0.1:8080/x',
      'https://127.0.0.1:8080',
      'h2c://localhost:8080',
    ]) {
      assert.deepEqual(run(checkLoops, { gateway: { default_backend: backend } }), [
        'error config_conflict gateway.default_backend',
      ]);
    }
    assert.deepEqual(run(checkLoops, { gateway: { listen: 'unix:/a', default_backend: 'unix:/a' } }), [
      'error config_conflict gateway.default_backend',
    ]);
    assert.deepEqual(run(checkLoops, { gateway: { listen: ':80', routes: [{ to: 'http://[::1]' }] } }), [
      'error config_conflict gateway.routes[0].to.backends[0].url',
    ]);
  });

  test('is not one on another port or machine, nor one behind hops', () => {
    const listen = ':8080';
    for (const backend of ['http://localhost:8081', 'http://10.0.0.1:8080', 'http://backend:8080']) {
      assert.deepEqual(run(checkLoops, { gateway: { listen, default_backend: backend } }), []);
    }
    for (const door of ['unix:/b', ':80']) {
      assert.deepEqual(run(checkLoops, { gateway: { listen: door, default_backend: 'unix:/a' } }), []);
    }
    const to = { backends: ['http://localhost:8080'], via: ['hop'] };
    assert.deepEqual(run(checkLoops, { gateway: { routes: [{ to }] } }), []);
  });
});

describe('a proxy that is the forward proxy itself', () => {
  const through = (url: string, egress: object = { chain: ['exits'] }): string[] =>
    run(checkLoops, { egress: { listen: '127.0.0.1:8888', ...egress }, hops: { exits: { proxies: [{ url }] } } });
  const found = ['error config_conflict hops.exits.proxies[0].url'];

  test('is refused where a way begins with it, in any spelling', () => {
    for (const url of ['http://localhost:8888', 'socks5://u:p%40ss@127.0.0.1:8888', 'http://u:p@127.0.0.1:8888/']) {
      assert.deepEqual(through(url), found, url);
    }
    assert.deepEqual(through('http://127.0.0.1:8888', { rules: [{ via: 'exits' }] }), found);
    assert.deepEqual(through('http://[::1]:8888', { listen: ':8888', chain: ['exits'] }), found);
  });

  test('is not one on another port or machine, nor one that no way begins with', () => {
    for (const url of ['http://127.0.0.1:8889', 'http://10.0.0.1:8888', 'socks5://127.0.0.1']) {
      assert.deepEqual(through(url), [], url);
    }
    assert.deepEqual(through('http://127.0.0.1:8888', {}), []);
    const hops = { exits: { proxy: 'http://127.0.0.1:8888' }, corporate: { proxy: 'http://10.0.0.1:1' } };
    assert.deepEqual(run(checkLoops, { egress: { chain: ['corporate', 'exits'] }, hops }), []);
  });
});
