package dev.slipway.benchmarks;

/** Is what keeps a service's rows in a benchmark. */
enum DatabaseKind {
  /** H2 in a file of the service's own process. */
  H2,

  /** A PostgreSQL of the benchmark's own, in processes of its own. */
  POSTGRES
}
