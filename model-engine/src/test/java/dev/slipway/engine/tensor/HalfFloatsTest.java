package dev.slipway.engine.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HalfFloatsTest {

  @Test
  void everyFp16_survivesTheWayToFloatAndBack() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      float value = HalfFloats.fp16ToFloat((short) bits);
      if (!Float.isNaN(value)) {
        assertThat(HalfFloats.floatToFp16(value)).isEqualTo((short) bits);
      }
      float brain = HalfFloats.bf16ToFloat((short) bits);
      if (!Float.isNaN(brain)) {
        assertThat(HalfFloats.floatToBf16(brain)).isEqualTo((short) bits);
      }
    }
  }

  @Test
  void knownValues() {
    assertThat(HalfFloats.floatToFp16(1f)).isEqualTo((short) 0x3c00);
    assertThat(HalfFloats.floatToBf16(1f)).isEqualTo((short) 0x3f80);
    assertThat(HalfFloats.fp16ToFloat((short) 0x7bff)).isEqualTo(65504f);
    assertThat(HalfFloats.fp16ToFloat((short) 1)).isEqualTo(0x1p-24f);
    assertThat(HalfFloats.fp16ToFloat((short) 0x8000)).isEqualTo(-0f);
    assertThat(HalfFloats.fp16ToFloat((short) 0xfc00)).isEqualTo(Float.NEGATIVE_INFINITY);
    assertThat(Float.isNaN(HalfFloats.fp16ToFloat(HalfFloats.floatToFp16(Float.NaN)))).isTrue();
    assertThat(Float.isNaN(HalfFloats.bf16ToFloat(HalfFloats.floatToBf16(Float.NaN)))).isTrue();
  }

  @Test
  void rounding_isToTheNearestTiesToEven() {
    assertThat(HalfFloats.floatToFp16(65519.996f)).isEqualTo((short) 0x7bff);
    assertThat(HalfFloats.floatToFp16(65520f)).isEqualTo((short) 0x7c00);
    assertThat(HalfFloats.floatToFp16(1f + 0x1p-11f)).isEqualTo((short) 0x3c00);
    assertThat(HalfFloats.floatToFp16(1f + 3 * 0x1p-11f)).isEqualTo((short) 0x3c02);
    assertThat(HalfFloats.floatToFp16(0x1p-25f)).isEqualTo((short) 0);
    assertThat(HalfFloats.floatToFp16(0x1.8p-25f)).isEqualTo((short) 1);
    assertThat(HalfFloats.floatToFp16(0x1.ffep-15f)).isEqualTo((short) 0x0400);
    assertThat(HalfFloats.floatToBf16(1f + 0x1p-8f)).isEqualTo((short) 0x3f80);
    assertThat(HalfFloats.floatToBf16(1f + 3 * 0x1p-8f)).isEqualTo((short) 0x3f82);
  }
}
