/** What resolvers need of this package: the types of the contract between them and belt. The program is bin/belt.js. */
export type { ResolvedSide, ResolverRequest, SideResolver } from './config/resolver-contract.js';
