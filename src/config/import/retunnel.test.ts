import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ForeignSection } from './foreign-section.ts';
import { ImportNotes } from './import-notes.ts';
import { fromRetunnel } from './retunnel.ts';

test('tunnels keep what their protocol knows', () => {
  const tunnels = [
    { name: 'web', local_port: 80, subdomain: 'a', remote_port: 1 },
    { name: 'db', protocol: 'tcp', local_port: 5432, remote_port: 20_000, subdomain: 'b' },
    { name: 'bad', local_port: 81, auth: 'nocolon' },
  ];
  const notes = new ImportNotes();
  const { tunnels: made } = fromRetunnel(new ForeignSection({ server_addr: 'ws://h:1/x', tunnels }, notes));
  assert.deepEqual(made, {
    client: {
      server: 'ws://h:1',
      tunnels: [
        { name: 'web', protocol: 'http', local_port: 80, subdomain: 'a' },
        { name: 'db', protocol: 'tcp', local_port: 5432, remote_port: 20_000 },
        { name: 'bad', protocol: 'http', local_port: 81 },
      ],
    },
  });
  assert.deepEqual(
    notes.list.map(({ key }) => key),
    ['server_addr', 'tunnels[1].subdomain', 'tunnels[2].auth'],
  );
});
