package dev.slipway.engine.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class ShapeTest {

  @Test
  void elementCount_isTheProduct() {
    assertThat(Shape.of().elementCount()).isEqualTo(1);
    assertThat(Shape.of(2, 3, 4).elementCount()).isEqualTo(24);
    assertThat(Shape.of(2, 3, 4).elementsPerRow()).isEqualTo(12);
    assertThat(Shape.of(5).elementsPerRow()).isEqualTo(1);
  }

  @Test
  void elementCount_withAZero_isZeroEvenIfTheRestOverflows() {
    assertThat(Shape.of(1L << 62, 4, 0).elementCount()).isZero();
  }

  @Test
  void elementCount_thatOverflows_isRefused() {
    assertThatThrownBy(() -> Shape.of(1L << 62, 4).elementCount())
        .isInstanceOf(ArithmeticException.class);
  }

  @Test
  void elementCount_ofAnOpenShape_isRefused() {
    assertThatThrownBy(() -> Shape.of(-1, 4).elementCount())
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> Shape.of().elementsPerRow()).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void of_belowMinusOneOrTooManyDimensions_isRefused() {
    assertThatThrownBy(() -> Shape.of(2, -2)).hasMessageContaining("[2, -2]");
    assertThatThrownBy(() -> Shape.of(new long[65])).hasMessageContaining("64");
  }

  @Test
  void accepts_openDimensionsOnly() {
    assertThat(Shape.of(-1, 4).accepts(Shape.of(7, 4))).isTrue();
    assertThat(Shape.of(-1, 4).accepts(Shape.of(7, 5))).isFalse();
    assertThat(Shape.of(-1, 4).accepts(Shape.of(7))).isFalse();
  }

  @Test
  void isAValue() {
    assertThat(Shape.of(1, 2))
        .isEqualTo(Shape.of(List.of(1L, 2L)))
        .hasSameHashCodeAs(Shape.of(1, 2));
    assertThat(Shape.of(1, 2).withRows(9)).hasToString("[9, 2]");
  }
}
