import { chmod, lstat, readdir, readFile, stat, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { createScanner, parse } from 'jsonc-parser';
import { describe, expect, it } from 'vitest';
import { withOtherUsers } from '../../../src/config/edit.js';
import { parseConfig } from '../../../src/config/parse.js';
import { saveOtherUsers } from '../../../src/config/save.js';
import { projectFolder, unprivileged } from './folder.js';
import { configText, quickstart, side } from './texts.js';

const project = projectFolder();
const file = 'configs/dc1/db1/config.json';

describe('the edited text', () => {
  it('differs from the quickstart only in other_users of that side', () => {
    const list = `"other_users": [
      { "name": "app", "pw": null },
      { "name": "a\\"b\\\\c", "pw": null }
    ]`;
    expect(withOtherUsers(quickstart, 'src', ['app', 'a"b\\c'])).toBe(quickstart.replace('"other_users": null', list));
    const last = quickstart.lastIndexOf('"other_users": null');
    expect(withOtherUsers(quickstart, 'dst', ['app', 'a"b\\c'])).toBe(
      quickstart.slice(0, last) + quickstart.slice(last).replace('"other_users": null', list),
    );
  });

  it('adds to the roles that are there, which stay as they are', () => {
    const before = `{ "src": {
    "other_users": [
      // made by hand
      { "name": "app", "pw": "secret" }, // keep
      {"pw": null, "name": "job"}, // last
    ] } }`;
    expect(withOtherUsers(before, 'src', ['job', 'new', 'app', 'new'])).toBe(`{ "src": {
    "other_users": [
      // made by hand
      { "name": "app", "pw": "secret" }, // keep
      {"pw": null, "name": "job"}, // last
      { "name": "new", "pw": null }
    ] } }`);
    expect(withOtherUsers(before, 'src', ['job'])).toBe(before);
  });

  it.each([
    [
      '{"src":{"other_users":null}}',
      '{"src":{"other_users":[{ "name": "a", "pw": null }, { "name": "b", "pw": null }]}}',
    ],
    [
      '{"src":{"other_users":[]}}',
      '{"src":{"other_users":[{ "name": "a", "pw": null }, { "name": "b", "pw": null }]}}',
    ],
    ['{"src":{"other_users":[{"name":"a"}]}}', '{"src":{"other_users":[{"name":"a"}, { "name": "b", "pw": null }]}}'],
    [
      '{"src":{"other_users":[ /* none */ ]}}',
      '{"src":{"other_users":[{ "name": "a", "pw": null }, { "name": "b", "pw": null }  /* none */ ]}}',
    ],
    [
      '{"src":{"port":1}}',
      '{"src":{"port":1, "other_users": [{ "name": "a", "pw": null }, { "name": "b", "pw": null }]}}',
    ],
    [
      '{"src":{"port":1,}}',
      '{"src":{"port":1, "other_users": [{ "name": "a", "pw": null }, { "name": "b", "pw": null }],}}',
    ],
    ['{"src":{}}', '{"src":{"other_users": [{ "name": "a", "pw": null }, { "name": "b", "pw": null }]}}'],
    [
      '{"src":{\r\n\t"port":1 // the port\r\n}}',
      '{"src":{\r\n\t"port":1, // the port\r\n\t"other_users": [\r\n\t\t{ "name": "a", "pw": null },\r\n\t\t{ "name": "b", "pw": null }\r\n\t]\r\n}}',
    ],
    [
      '{"src":{\n"port":1, // the port\n}}',
      '{"src":{\n"port":1, // the port\n"other_users": [\n  { "name": "a", "pw": null },\n  { "name": "b", "pw": null }\n]\n}}',
    ],
    [
      '{"src":{\n  "other_users": [\n    // none yet\n  ]\n}}',
      '{"src":{\n  "other_users": [\n    { "name": "a", "pw": null },\n    { "name": "b", "pw": null }\n    // none yet\n  ]\n}}',
    ],
  ])('fits itself into %j', (before, after) => {
    expect(withOtherUsers(before, 'src', ['a', 'b'])).toBe(after);
    expect(withOtherUsers(`\uFEFF${before}`, 'src', ['a', 'b'])).toBe(`\uFEFF${after}`);
  });

  it.each(['{"src":null}', '{"dst":{}}', '{"src":{', '', '[]'])('is refused for %j', (text) => {
    expect(withOtherUsers(text, 'src', ['a'])).toBeUndefined();
  });
});

describe('saving', () => {
  it('keeps mode and comments, leaves nothing beside the file, and can be read again', async () => {
    const path = await project.write(file, quickstart);
    await chmod(path, 0o640);
    await saveOtherUsers(path, 'src', ['app', 'böß']);
    await saveOtherUsers(path, 'src', ['later']);
    const text = await readFile(path, 'utf8');
    const { config } = parseConfig(text, { file, dc: 'testdatacenter1', db: 'database1', variables: {} });
    expect(config.src?.other_users).toEqual(['app', 'böß', 'later'].map((name) => ({ name, pw: null })));
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    expect(await readdir(dirname(path))).toEqual(['config.json']);
  });

  it('keeps a link a link', async () => {
    const path = await project.write('real.json', configText());
    const link = join(project.path, 'link.json');
    await symlink(path, link);
    await saveOtherUsers(link, 'src', ['app']);
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect(await readFile(path, 'utf8')).toContain('"app"');
  });

  it('does not write when there is nothing to add', async () => {
    const path = await project.write(file, configText({ src: side({ other_users: [{ name: 'app', pw: 'x' }] }) }));
    const before = await stat(path);
    await saveOtherUsers(path, 'src', ['app']);
    await saveOtherUsers(path, 'src', []);
    expect((await stat(path)).ino).toBe(before.ino);
  });

  it('refuses, and changes nothing, when the file is not fit', async () => {
    const path = await project.write(file, '{ "src": ');
    await expect(saveOtherUsers(path, 'src', ['app'])).rejects.toMatchObject({
      name: 'ConfigError',
      detail: { file: path },
    });
    expect(await readFile(path, 'utf8')).toBe('{ "src": ');
    await expect(saveOtherUsers(`${path}.gone`, 'src', ['app'])).rejects.toThrow('does not exist');
    const twice = await project.write(file, '{ "src": {"other_users": null, "other_users": null} }');
    await expect(saveOtherUsers(twice, 'src', ['app'])).rejects.toThrow('is not as it was');
  });

  it('says when the folder cannot be written to, and changes nothing', async () => {
    const path = await project.write(file, configText(), 0o644);
    const failed = await unprivileged([dirname(path), 0o555], () => saveOtherUsers(path, 'src', ['app']));
    expect(failed).toMatchObject({ name: 'ConfigError', detail: { file: path, side: 'src' } });
    expect(failed).toMatchObject({
      message: expect.stringMatching(/^cannot write the names of roles to .*EACCES/) as string,
    });
    expect(await readFile(path, 'utf8')).toBe(configText());
  });
});

/** All tokens with their text, comments included, white space not. */
function tokens(text: string): string[] {
  const scanner = createScanner(text, false);
  const found: string[] = [];
  for (let kind = scanner.scan(); (kind as number) !== 17; kind = scanner.scan()) {
    const token = text.slice(scanner.getTokenOffset(), scanner.getTokenOffset() + scanner.getTokenLength());
    if (token.trim() !== '') found.push(token);
  }
  return found;
}

const name = fc.oneof(
  fc.string({ minLength: 1, unit: 'grapheme' }),
  fc.constantFrom('a"b', 'a\\', '//', '/*', '],', '\u2028', '__proto__'),
);
const user = fc.record({ name, pw: fc.oneof(fc.constant(null), fc.string()) });
const space = fc.constantFrom('', ' ', '\n', '\r\n  ', '\t', ' // "quoted" ], }\n', '/* { */', '\n    ');

/** A config's text in any layout, with comments anywhere. */
const written = fc
  .tuple(fc.option(fc.array(user, { maxLength: 3 })), fc.boolean(), fc.boolean(), fc.infiniteStream(space))
  .map(([users, present, trailing, spaces]) => {
    const gap = (): string => String(spaces.next().value);
    const end = trailing ? ',' : '';
    const list =
      users === null
        ? 'null'
        : `[${users.map((one) => gap() + JSON.stringify(one) + gap()).join(',')}${users.length > 0 ? end : ''}${gap()}]`;
    const others = present ? `,${gap()}"other_users"${gap()}:${gap()}${list}` : '';
    return {
      users: present ? (users ?? []) : [],
      text: `${gap()}{${gap()}"dst":null,${gap()}"src":${gap()}{${gap()}"host":"h"${others}${gap()}${end}${gap()}}${gap()}}${gap()}`,
    };
  });

describe('any text and any names', () => {
  it('keep every other token, and mean the same but for the roles added', () => {
    fc.assert(
      fc.property(written, fc.array(name, { minLength: 1, maxLength: 4 }), ({ text, users }, names) => {
        const edited = withOtherUsers(text, 'src', names) ?? '';
        const added = [...new Set(names)].filter((one) => !users.some((known) => known.name === one));
        const expected = [...users, ...added.map((one) => ({ name: one, pw: null }))];
        const errors: never[] = [];
        const value = parse(edited, errors, { allowTrailingComma: true }) as unknown;
        expect(errors).toEqual([]);
        const unchanged = added.length === 0;
        if (unchanged) expect(edited).toBe(text);
        else expect(value).toEqual({ dst: null, src: { host: 'h', other_users: expected } });
        // Every token there was is there still, in the same order, but for the null that became a list.
        const after = tokens(edited);
        let from = 0;
        for (const token of tokens(text)) {
          const at = after.indexOf(token, from);
          if (at === -1 && token === 'null') continue;
          expect(at, `token ${token} in ${edited}`).toBeGreaterThanOrEqual(from);
          from = token === 'null' ? from : at + 1;
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('survive the way through the disk', async () => {
    await fc.assert(
      fc.asyncProperty(written, fc.array(name, { minLength: 1, maxLength: 4 }), async ({ text }, names) => {
        const path = await project.write(file, text);
        await saveOtherUsers(path, 'src', names);
        expect(await readFile(path, 'utf8')).toBe(withOtherUsers(text, 'src', names));
      }),
      { numRuns: 100 },
    );
  });
});
