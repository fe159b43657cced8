package dev.slipway.registry.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.engine.signature.SignatureDifference;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.model.TextSize;
import dev.slipway.registry.version.VersionNumber;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class CheckReportTest {
  private static final String LONG = "€".repeat(250);

  private static CheckReport report(List<CheckResult> results) {
    return new CheckReport(new ModelName("digits"), new VersionNumber(1), results);
  }

  private static CheckResult result(
      String name,
      CheckOutcome outcome,
      String summary,
      List<SignatureDifference> differences,
      List<CheckComparison> comparisons) {
    return new CheckResult(
        new CheckName(name),
        outcome,
        summary,
        Instant.EPOCH,
        "€".repeat(128),
        Optional.empty(),
        Optional.of(differences),
        comparisons,
        "https://ci.example/" + "€".repeat(2029));
  }

  /** Has as much to say as a verdict can. */
  private static CheckResult talkative(String name, CheckOutcome outcome) {
    return result(
        name,
        outcome,
        "€".repeat(CheckResult.MAX_SUMMARY),
        IntStream.range(0, 10).mapToObj(i -> difference(i < 9)).toList(),
        IntStream.range(0, 10).mapToObj(i -> comparison(i > 0)).toList());
  }

  private static SignatureDifference difference(boolean harmless) {
    return new SignatureDifference(
        LONG, SignatureDifference.Kind.REMOVED, LONG, LONG, true, harmless);
  }

  private static CheckComparison comparison(boolean passed) {
    return new CheckComparison(LONG, LONG, LONG, passed);
  }

  private static int entries(CheckResult result) {
    return result.signatureDifferences().orElseThrow().size() + result.comparisons().size();
  }

  @Test
  void reportThatFits_isAsItWas() {
    CheckResult some = talkative("some", CheckOutcome.PASSED);
    assertThat(some.weight()).isGreaterThan(CheckReport.MAX_BYTES / 5);

    assertThat(report(List.of(some, some)).results()).containsExactly(some, some);
  }

  @Test
  void reportThatSaysTooMuch_fits_andTellsHowMuchItLeavesOut() {
    List<CheckResult> all =
        IntStream.range(0, 32)
            .mapToObj(
                i -> talkative("check-" + i, i == 20 ? CheckOutcome.FAILED : CheckOutcome.PASSED))
            .toList();

    CheckReport report = report(all);

    assertThat(report.weight()).isLessThanOrEqualTo(CheckReport.MAX_BYTES);
    assertThat(report.results())
        .extracting(CheckResult::name)
        .isEqualTo(all.stream().map(CheckResult::name).toList());
    assertThat(report.passed()).isFalse();
    assertThat(report.results())
        .allSatisfy(
            result -> {
              assertThat(entries(result) + result.leftOut()).isEqualTo(20);
              assertThat(result.summary()).matches("€+…");
            });
    assertThat(report(report.results())).as("read again").isEqualTo(report);
  }

  @Test
  void checksThatDidNotPass_keepTheirEntries_andOthersGiveTheirsUp() {
    CheckResult brief = result("brief", CheckOutcome.PASSED, "fine", List.of(), List.of());
    List<CheckResult> all =
        List.of(
            talkative("passed", CheckOutcome.PASSED),
            talkative("failed", CheckOutcome.FAILED),
            brief,
            talkative("missing", CheckOutcome.MISSING),
            talkative("passed-too", CheckOutcome.PASSED),
            talkative("passed-as-well", CheckOutcome.PASSED));

    List<CheckResult> kept = report(all).results();

    assertThat(List.of(kept.get(1), kept.get(2), kept.get(3)))
        .containsExactly(all.get(1), brief, all.get(3));
    for (CheckResult shortened : List.of(kept.get(0), kept.get(4), kept.get(5))) {
      assertThat(shortened.leftOut()).isPositive();
      assertThat(shortened.summary()).isEqualTo(all.get(0).summary());
      assertThat(shortened.signatureDifferences().orElseThrow())
          .startsWith(difference(false), difference(true));
    }
  }

  @Test
  void text_isCutBetweenCharacters() {
    assertThat(TextSize.cut("abc", 3)).isEqualTo("abc");
    assertThat(TextSize.cut("abcd", 3)).isEqualTo("…");
    assertThat(TextSize.cut("a€" + "😀".repeat(3), 11)).isEqualTo("a€😀…");
    assertThat(TextSize.cut("😀😀", 6)).isEqualTo("…");
  }
}
