import { expect, it } from 'vitest';
import { nearest } from '../../../src/nearest.js';

const names = ['testdatacenter1', 'testdatacenter2', 'eu', 'port', 'peer_port', 'sslmode'];

it.each([
  ['testdatacenter', 'testdatacenter1'],
  ['testdatacenter2', 'testdatacenter2'],
  ['TESTDATACENTER2', 'testdatacenter2'],
  ['tsetdatacenter1', 'testdatacenter1'],
  ['prot', 'port'],
  ['peerport', 'peer_port'],
  ['ue', 'eu'],
  ['sslmdoe', 'sslmode'],
  ['xxxx', undefined],
  ['', undefined],
])('%j means %j', (word, meant) => {
  expect(nearest(word, names)).toBe(meant);
});
