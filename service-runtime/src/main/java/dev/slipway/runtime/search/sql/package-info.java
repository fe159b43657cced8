/**
 * Searches as SQL that H2 and PostgreSQL both take: filters become conditions with bound values,
 * what hangs on an object is asked through {@code EXISTS}, and pages continue after sort keys.
 */
package dev.slipway.runtime.search.sql;
