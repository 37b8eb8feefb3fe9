import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/parse.js';
import { configJsonSchema } from '../../../src/config/schema.js';

const examples = new URL('../../../configs.example/', import.meta.url);

interface JsonSchema {
  title?: string;
  description?: string;
  properties?: Record<string, JsonSchema>;
  anyOf?: JsonSchema[];
}

/** The properties without help for editors, by path. */
function withoutHelp(schema: JsonSchema, path: string): string[] {
  const inner = Object.entries(schema.properties ?? {}).flatMap(([name, property]) => [
    ...(property.title === undefined || property.description === undefined ? [`${path}.${name}`] : []),
    ...withoutHelp(property, `${path}.${name}`),
  ]);
  return [...inner, ...(schema.anyOf ?? []).flatMap((branch) => withoutHelp(branch, path))];
}

describe('the JSON Schema for editors', () => {
  it('is the one that stands in configs.example (regenerate: belt schema > configs.example/config.schema.json)', async () => {
    const text = await readFile(new URL('config.schema.json', examples), 'utf8');
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(configJsonSchema())));
  });

  it('helps with every key', () => {
    expect(withoutHelp(configJsonSchema(), '')).toEqual([]);
  });

  it('takes a port as number or text, and a password as text or from the environment', () => {
    const src = (configJsonSchema() as JsonSchema).properties?.['src']?.anyOf?.[0];
    expect(src?.properties?.['port']?.anyOf).toMatchObject([{ type: 'integer' }, { type: 'string' }]);
    expect(src?.properties?.['root_user']?.properties?.['pw']?.anyOf).toMatchObject([
      { type: 'string' },
      { type: 'object' },
    ]);
  });
});

describe('configs.example', () => {
  it('is a config without fault, for the servers of docker-compose.yml', async () => {
    const path = 'testdatacenter1/database1/config.json';
    const text = await readFile(new URL(path, examples), 'utf8');
    const { config } = parseConfig(text, { file: path, dc: 'testdatacenter1', db: 'database1', variables: {} });
    const reached = { host: 'localhost', db: 'shop', sslmode: 'disable', peer_port: 5432 };
    expect(config.src).toMatchObject({ ...reached, port: 15431, peer_host: 'source' });
    expect(config.dst).toMatchObject({ ...reached, port: 15432, peer_host: 'destination' });
    expect(config.$schema).toBe('../../config.schema.json');
  });
});
