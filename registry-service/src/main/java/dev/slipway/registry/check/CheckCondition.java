package dev.slipway.registry.check;

import dev.slipway.registry.actor.Caller;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Says what a check asks for. */
public sealed interface CheckCondition {
  /** Asks that the signature is compatible with that of the predecessor; none: passed. */
  record Signature(Mode mode) implements CheckCondition {
    /** Says which way compatibility is asked for. */
    public enum Mode {
      /** Requests and readers made for the predecessor work with the version. */
      BACKWARD,
      /** Requests and readers made for the version work with the predecessor. */
      FORWARD,
      /** Both. */
      FULL,
      /** Differences are reported and never refused. */
      NONE
    }
  }

  /**
   * Asks that the golden requests of the package give their answers.
   *
   * @param allowMissing whether a package without golden requests passes
   */
  record GoldenRequests(boolean allowMissing) implements CheckCondition {}

  /**
   * Asks that a filter over metrics, params and tags of the version's run holds.
   *
   * @param filter a filter that {@link RunCondition#parse} takes
   */
  record Metrics(String filter) implements CheckCondition {
    /** Refuses a filter that is none, as {@link RunCondition#parse} does. */
    public Metrics {
      RunCondition.parse(filter);
    }
  }

  /**
   * Asks that a metric of the version's run is as good as that of the predecessor's; none: passed.
   *
   * @param metricKey 1 to {@value #MAX_METRIC_KEY} characters
   * @param tolerance how much worse it may be: 0 or more, finite
   */
  record Comparison(String metricKey, Goal goal, double tolerance) implements CheckCondition {
    /** The most characters of a metric's key. */
    public static final int MAX_METRIC_KEY = 250;

    /** Says which way is better. */
    public enum Goal {
      /** A higher value is better. */
      MAXIMIZE,
      /** A lower value is better. */
      MINIMIZE
    }

    /** Checks key and tolerance. */
    public Comparison {
      metricKey = requireMetricKey(metricKey);
      tolerance = requireTolerance(tolerance);
    }

    /**
     * Returns the key of a metric if it is one.
     *
     * @throws IllegalArgumentException if it is too long, empty, or has the character U+0000
     */
    public static String requireMetricKey(String key) {
      int length = key.codePointCount(0, key.length());
      if (length == 0 || length > MAX_METRIC_KEY || key.indexOf('\0') >= 0) {
        throw new IllegalArgumentException(
            "must have 1 to " + MAX_METRIC_KEY + " characters, none of them U+0000");
      }
      return key;
    }

    /**
     * Returns a tolerance if it is one.
     *
     * @throws IllegalArgumentException if it is negative or not finite
     */
    public static double requireTolerance(double tolerance) {
      if (!(tolerance >= 0) || Double.isInfinite(tolerance)) {
        throw new IllegalArgumentException("must be 0 or more, and finite");
      }
      return tolerance;
    }
  }

  /**
   * Asks that another system has reported a pass for the version.
   *
   * @param validFor how long a pass counts from its report, above zero and at most {@link
   *     #MAX_VALID_FOR}; absent: for ever
   * @param reporterRoles roles one of which the reporter must have had, at most {@value
   *     #MAX_ROLES}; empty: anybody may report
   */
  record External(Optional<Duration> validFor, List<String> reporterRoles)
      implements CheckCondition {
    /** The longest that a pass can count. */
    public static final Duration MAX_VALID_FOR = Duration.ofDays(3650);

    /** The most roles. */
    public static final int MAX_ROLES = 32;

    /** Copies the roles and checks the limits. */
    public External {
      reporterRoles = List.copyOf(reporterRoles);
      if (validFor.isPresent()
          && (validFor.get().compareTo(Duration.ZERO) <= 0
              || validFor.get().compareTo(MAX_VALID_FOR) > 0)) {
        throw new IllegalArgumentException("must be 0 to " + MAX_VALID_FOR.toSeconds());
      }
      if (reporterRoles.size() > MAX_ROLES || !reporterRoles.stream().allMatch(Caller::isRole)) {
        throw new IllegalArgumentException("must be at most " + MAX_ROLES + " roles");
      }
    }
  }
}
