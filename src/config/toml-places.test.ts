import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { tomlPlaces } from './toml-places.ts';

const text = `# comment [not.a.table]
top = 1 # trailing
"quoted key" = 'lit # eral'
dotted.inner."x y" = true

[gateway] # header
listen = [ "a", # first ]
  { address = "b", tls = { cert = "c" } },
]
long = """
one = 1
[no.table]
"quote" and \\"""
""" # after
literal = '''
two = 2'''

[[gateway.routes]]
to = "http://a"
[gateway.routes.match]
path = "/a"
[[ gateway . routes ]]
to = { respond = { status = 204 } }
[gateway.routes.match.header]
X-A = "b"
`;

function shown(path: string): { key: string | undefined; value: string } {
  const found = tomlPlaces(text).get(path);
  assert.ok(found, `${path} is found`);
  const { key, value } = found;
  return { key: key && text.slice(key.from, key.to), value: text.slice(value.from, value.to) };
}

describe('tomlPlaces', () => {
  test('finds keys and values at the top, quoted and dotted ones too', () => {
    assert.deepEqual(shown('top'), { key: 'top', value: '1' });
    assert.deepEqual(shown('["quoted key"]'), { key: '"quoted key"', value: "'lit # eral'" });
    assert.deepEqual(shown('dotted.inner["x y"]'), { key: '"x y"', value: 'true' });
    assert.deepEqual(shown('dotted.inner'), { key: 'inner', value: 'inner' });
  });

  test('finds items of lists over several lines, and keys of inline tables', () => {
    assert.equal(shown('gateway.listen[0]').value, '"a"');
    assert.deepEqual(shown('gateway.listen[1].tls.cert'), { key: 'cert', value: '"c"' });
    assert.match(shown('gateway.listen').value, /^\[[^]*\]$/);
  });

  test('takes nothing inside long texts for keys or tables', () => {
    assert.match(shown('gateway.long').value, /^"""[^]*"""$/);
    assert.equal(shown('gateway.literal').value, "'''\ntwo = 2'''");
    assert.equal(tomlPlaces(text).has('no.table'), false);
    assert.equal(tomlPlaces(text).has('gateway.one'), false);
  });

  test('counts the tables of a list, and finds what belongs to each', () => {
    assert.deepEqual(shown('gateway.routes[0].to'), { key: 'to', value: '"http://a"' });
    assert.deepEqual(shown('gateway.routes[0].match.path'), { key: 'path', value: '"/a"' });
    assert.deepEqual(shown('gateway.routes[1].to.respond.status'), { key: 'status', value: '204' });
    assert.deepEqual(shown('gateway.routes[1].match.header.X-A'), { key: 'X-A', value: '"b"' });
  });

  test('comes to an end on any text', () => {
    for (const broken of ['=', '[', '[[a', 'a = [', 'a = {', 'a = """', ']', 'a', '\\', '"']) tomlPlaces(broken);
  });
});
