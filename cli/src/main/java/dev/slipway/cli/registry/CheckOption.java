package dev.slipway.cli.registry;

import dev.slipway.cli.client.Age;
import dev.slipway.registry.v1.Check;
import dev.slipway.registry.v1.ComparisonCheck;
import dev.slipway.registry.v1.ExternalCheck;
import dev.slipway.registry.v1.GoldenRequestsCheck;
import dev.slipway.registry.v1.MetricCheck;
import dev.slipway.registry.v1.SignatureCheck;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads and writes checks of a policy as they are given on a command line. Stateless. */
final class CheckOption implements ITypeConverter<Check> {
  /** Is what there is to give, for the help of a command. */
  static final String FORMS =
      """
      signature=backward|forward|full|none   against the version in the stage, or that left it last
      golden-requests[=allow-missing]        requests of the package with known answers
      metrics=FILTER                         a condition on the version's run
      max=METRIC[,TOLERANCE]                 not lower than that of the same version
      min=METRIC[,TOLERANCE]                 not higher
      external=NAME[,AGE][,by=ROLE,...]      reported with `slipway models report`, not longer ago
                                             than AGE, by somebody with one of the roles\
      """;

  private static final Pattern FORM =
      Pattern.compile("((?<name>[A-Za-z0-9._-]+):)?(?<kind>[a-z-]+)(=(?<value>.*))?");
  private static final Pattern NOT_IN_NAMES = Pattern.compile("[^A-Za-z0-9._-]");
  private static final String BY = ",by=";
  private static final String ALLOW_MISSING = "allow-missing";
  private static final int NAME_CHARACTERS = 64;

  @Override
  public Check convert(String text) throws Exception {
    Matcher form = FORM.matcher(text);
    if (!form.matches()) {
      throw unknown(text);
    }
    String value = form.group("value") == null ? "" : form.group("value");
    Check.Builder check = condition(text, form.group("kind"), value);
    if (form.group("name") != null) {
      check.setName(form.group("name"));
    }
    return check.build();
  }

  private static Check.Builder condition(String text, String kind, String value) throws Exception {
    Check.Builder check = Check.newBuilder().setName(kind);
    switch (kind) {
      case "signature" ->
          check.setSignature(SignatureCheck.newBuilder().setMode(mode(text, value)));
      case "golden-requests" -> {
        if (!value.isEmpty() && !value.equals(ALLOW_MISSING)) {
          throw unknown(text);
        }
        check.setGoldenRequests(
            GoldenRequestsCheck.newBuilder().setAllowMissing(value.equals(ALLOW_MISSING)));
      }
      case "metrics" -> check.setMetrics(MetricCheck.newBuilder().setFilter(value));
      case "max" -> comparison(check, value, ComparisonCheck.Goal.GOAL_MAXIMIZE);
      case "min" -> comparison(check, value, ComparisonCheck.Goal.GOAL_MINIMIZE);
      case "external" -> external(check, value);
      default -> throw unknown(text);
    }
    return check;
  }

  private static SignatureCheck.Mode mode(String text, String value) {
    return Arrays.stream(SignatureCheck.Mode.values())
        .filter(mode -> mode != SignatureCheck.Mode.UNRECOGNIZED && mode.getNumber() > 0)
        .filter(mode -> Words.of(mode, "MODE_").equals(value.toLowerCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow(() -> unknown(text));
  }

  private static void comparison(Check.Builder check, String value, ComparisonCheck.Goal goal) {
    int comma = value.lastIndexOf(',');
    String key = comma < 0 ? value : value.substring(0, comma);
    String name = check.getName() + "-" + NOT_IN_NAMES.matcher(key).replaceAll("-");
    check
        .setName(name.substring(0, Math.min(name.length(), NAME_CHARACTERS)))
        .setComparison(
            ComparisonCheck.newBuilder()
                .setMetricKey(key)
                .setGoal(goal)
                .setTolerance(comma < 0 ? 0 : tolerance(value.substring(comma + 1))));
  }

  private static void external(Check.Builder check, String value) {
    ExternalCheck.Builder external = ExternalCheck.newBuilder();
    int by = value.indexOf(BY);
    if (by >= 0) {
      List<String> roles = List.of(value.substring(by + BY.length()).split(",", -1));
      roles.stream()
          .filter(Age::isAge)
          .findFirst()
          .ifPresent(
              age -> {
                throw new TypeConversionException(
                    "'%s' stands where roles do: an age goes before them, as in external=NAME,%s%sROLE"
                        .formatted(age, age, BY));
              });
      external.addAllReporterRoles(roles);
    }
    String reported = by < 0 ? value : value.substring(0, by);
    int comma = reported.indexOf(',');
    if (comma >= 0) {
      external.setValidForSeconds(new Age().convert(reported.substring(comma + 1)).toSeconds());
    }
    check.setName(comma < 0 ? reported : reported.substring(0, comma)).setExternal(external);
  }

  private static double tolerance(String text) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw new TypeConversionException("'" + text + "' is no tolerance: give a number");
    }
  }

  private static TypeConversionException unknown(String text) {
    return new TypeConversionException(
        "'"
            + text
            + "' is no check: signature=MODE, golden-requests, metrics=FILTER, max=METRIC,"
            + " min=METRIC or external=NAME");
  }

  /** Returns the condition of a check as it is given, without the check's name. */
  static String write(Check check) {
    return switch (check.getConditionCase()) {
      case SIGNATURE -> "signature=" + Words.of(check.getSignature().getMode(), "MODE_");
      case GOLDEN_REQUESTS ->
          "golden-requests"
              + (check.getGoldenRequests().getAllowMissing() ? "=" + ALLOW_MISSING : "");
      case METRICS -> "metrics=" + check.getMetrics().getFilter();
      case COMPARISON -> {
        ComparisonCheck comparison = check.getComparison();
        yield (comparison.getGoal() == ComparisonCheck.Goal.GOAL_MINIMIZE ? "min=" : "max=")
            + comparison.getMetricKey()
            + (comparison.getTolerance() == 0 ? "" : "," + comparison.getTolerance());
      }
      case EXTERNAL -> {
        ExternalCheck external = check.getExternal();
        long seconds = external.getValidForSeconds();
        yield "external="
            + check.getName()
            + (seconds == 0 ? "" : "," + Age.write(Duration.ofSeconds(seconds)))
            + (external.getReporterRolesCount() == 0
                ? ""
                : BY + String.join(",", external.getReporterRolesList()));
      }
      case CONDITION_NOT_SET -> "nothing";
    };
  }
}
