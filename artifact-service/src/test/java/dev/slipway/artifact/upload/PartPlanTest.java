package dev.slipway.artifact.upload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PartPlanTest {
  private static final long MEBIBYTE = 1 << 20;

  @ParameterizedTest
  @CsvSource({
    "0, 16777216",
    "167772160000, 16777216",
    "167772160001, 17825792",
    "5497558138880, 550502400",
  })
  void partSizeBytes_anySizeOfS3_needsAtMostTenThousandParts(long sizeBytes, long partSizeBytes) {
    assertThat(PartPlan.partSizeBytes(sizeBytes)).isEqualTo(partSizeBytes);
    assertThat(sizeBytes).isLessThanOrEqualTo(partSizeBytes * 10_000);
  }

  @Test
  void of_partsOfAFile_followEachOtherToItsEnd() {
    PartPlan plan = PartPlan.of(12 * MEBIBYTE, 5 * MEBIBYTE);

    assertThat(plan.partCount()).isEqualTo(3);
    assertThat(plan.offset(3)).isEqualTo(10 * MEBIBYTE);
    assertThat(plan.sizeBytes(2)).isEqualTo(5 * MEBIBYTE);
    assertThat(plan.sizeBytes(3)).isEqualTo(2 * MEBIBYTE);
  }

  @Test
  void of_emptyFile_hasOneEmptyPart() {
    PartPlan plan = PartPlan.of(0, 5 * MEBIBYTE);

    assertThat(plan.partCount()).isEqualTo(1);
    assertThat(plan.sizeBytes(1)).isZero();
  }

  @Test
  void ofUnknownSize_saysNothingOfOffsets() {
    PartPlan plan = PartPlan.ofUnknownSize(7);

    assertThat(plan.sizeBytes(7)).isZero();
    assertThat(plan.offset(7)).isZero();
  }

  @Test
  void of_partsBeyondTheLimits_areRefused() {
    assertThatThrownBy(() -> PartPlan.of(1, 5 * MEBIBYTE - 1)).hasMessageContaining("5 MiB");
    assertThatThrownBy(() -> PartPlan.of(1, 5 * 1024 * MEBIBYTE + 1)).hasMessageContaining("5 GiB");
    assertThatThrownBy(() -> PartPlan.of(50_001 * MEBIBYTE, 5 * MEBIBYTE))
        .hasMessageContaining("10001 parts");
    assertThatThrownBy(() -> PartPlan.ofUnknownSize(0)).hasMessageContaining("0 parts");
  }
}
