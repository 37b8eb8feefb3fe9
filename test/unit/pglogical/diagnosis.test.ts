import { describe, expect, it } from 'vitest';
import { conninfo, parseConninfo } from '../../../src/postgres/conninfo.js';
import { dsnDifference } from '../../../src/pglogical/diagnosis/connection.js';
import { errorLines } from '../../../src/pglogical/diagnosis/log.js';
import { readChange } from '../../../src/pglogical/diagnosis/next-changes.js';
import { judgeVersions } from '../../../src/pglogical/diagnosis/versions.js';
import type { Direction } from '../../../src/pglogical/direction.js';

describe('a connection string', () => {
  it('comes apart as it was put together', () => {
    const parts = { host: 'h.example', port: '1', user: `o'x\\ "y`, password: ` ='\\ `, dbname: 'a=b c' };
    expect(parseConninfo(conninfo(parts))).toEqual(parts);
    expect(parseConninfo("host = h  port=5 password=''")).toEqual({ host: 'h', port: '5', password: '' });
    expect(parseConninfo('host=h\u00a0x\u2028 port=5\n')).toEqual({ host: 'h\u00a0x\u2028', port: '5' });
    expect(parseConninfo('postgresql://u:secret@h/db')).toBeNull();
    expect(parseConninfo("host='h")).toBeNull();
  });

  it('is compared without showing a password', () => {
    const wanted = conninfo({ host: 'h', port: 5, user: 'u', password: 'new-secret', connect_timeout: 10 });
    expect(dsnDifference(conninfo({ host: 'h', port: 5, user: 'u', password: 'new-secret' }), wanted)).toBeNull();
    const difference = dsnDifference(conninfo({ host: 'h', port: 6, user: 'u', password: 'old-secret' }), wanted);
    expect(difference).toBe('port 6 instead of 5, another password');
    expect(dsnDifference('postgresql://u:old-secret@h/db', wanted)).not.toContain('secret');
  });
});

describe('a line of the output plugin', () => {
  const tables = [{ schema: 'my "odd" s', table: 'a","b' }];

  it('is read although its names are not escaped, and keeps every digit', () => {
    const line =
      '{"action":"U","relation":["my "odd" s","a","b"],"oldtuple":{"id":1},"newtuple":{"id":12345678901234567890}}';
    expect(readChange(line, tables)).toEqual({
      action: 'UPDATE',
      schema: 'my "odd" s',
      table: 'a","b',
      json: '{"oldtuple":{"id":1},"newtuple":{"id":12345678901234567890}}',
    });
  });

  it('that cannot be read is left out', () => {
    expect(readChange('{"action":"I","relation":["my "odd" s","a","b"],"newtuple":{"a"b":1}}', tables)).toBeUndefined();
    expect(readChange('{"action":"I","relation":["pglogical","queue"],"newtuple":{}}', tables)).toBeUndefined();
    expect(readChange('{"action":"C", "final_lsn":"0/1"}', tables)).toBeUndefined();
  });
});

describe('a server log', () => {
  const log = [
    '2026-01-01 00:00:00.000 UTC [100] LOG:  starting apply for subscription pg1_pg2',
    '2026-01-01 00:00:00.000 UTC [100] ERROR:  mine',
    '2026-01-01 00:00:00.000 UTC [100] DETAIL:  dsn was: password=secret',
    '2026-01-01 00:00:00.000 UTC [200] ERROR:  of another subscription',
    '2026-01-01 00:00:00.000 UTC [300] ERROR:  of a client',
    '2026-01-01 00:00:00.000 UTC [1] LOG:  background worker "pglogical apply 5:42" (PID 100) exited with exit code 1',
    '2026-01-01 00:00:00.000 UTC [1] LOG:  background worker "pglogical apply 5:421" (PID 200) exited with exit code 1',
  ].join('\n');

  it('gives the errors of one subscription’s workers, and no detail', () => {
    expect(errorLines(log, 'pglogical apply 5:42')).toEqual(['2026-01-01 00:00:00.000 UTC [100] ERROR:  mine']);
    expect(errorLines(log, 'pglogical apply 5:4')).toEqual([]);
  });
});

describe('versions', () => {
  const direction = {
    name: 'back',
    provider: { name: 'dst', word: 'destination' },
    subscriber: { name: 'src', word: 'source' },
    subscription: 'pg2_pg1',
  } as unknown as Direction;

  it('that cannot make a slot are told of, unless there is one', () => {
    const facts = { direction, slot: null };
    expect(judgeVersions(facts, [2, 4, 2], 17)).toMatchObject([
      {
        code: 'pglogical-too-old',
        severity: 'fail',
        side: 'src',
        problem: 'pglogical 2.4.2 on the source server cannot make a slot on PostgreSQL 17 of the destination server',
        remedy: expect.stringContaining('belt setup-back-replication, which makes the slot itself') as string,
      },
    ]);
    expect(judgeVersions({ direction: { ...direction, name: 'forward' }, slot: null }, [2, 4, 2], 17)).toMatchObject([
      { remedy: 'Update pglogical on the source server to 2.4.5 or newer.' },
    ]);
    expect(judgeVersions(facts, [2, 4, 5], 17)).toEqual([]);
    expect(judgeVersions(facts, [2, 4, 2], 16)).toEqual([]);
    expect(judgeVersions({ direction, slot: {} as never }, [2, 4, 2], 17)).toEqual([]);
  });
});
