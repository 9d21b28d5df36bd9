package io.github.dnd4j.io;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The numbers that GGUF files give the types of tensors. */
final class GgufTensorTypes {

  private static final Map<Integer, TensorType> BY_NUMBER = new TreeMap<>();

  static {
    number(0, TensorType.F32, TensorType.F16, TensorType.Q4_0, TensorType.Q4_1);
    number(6, TensorType.Q5_0, TensorType.Q5_1, TensorType.Q8_0, TensorType.Q8_1);
    number(10, TensorType.Q2_K, TensorType.Q3_K, TensorType.Q4_K, TensorType.Q5_K);
    number(14, TensorType.Q6_K, TensorType.Q8_K, TensorType.IQ2_XXS, TensorType.IQ2_XS);
    number(18, TensorType.IQ3_XXS, TensorType.IQ1_S, TensorType.IQ4_NL, TensorType.IQ3_S);
    number(22, TensorType.IQ2_S, TensorType.IQ4_XS);
    number(24, TensorType.I8, TensorType.I16, TensorType.I32, TensorType.I64, TensorType.F64);
    number(29, TensorType.IQ1_M, TensorType.BF16);
    number(34, TensorType.TQ1_0, TensorType.TQ2_0);
    number(39, TensorType.MXFP4, TensorType.NVFP4);
  }

  private GgufTensorTypes() {}

  private static void number(int first, TensorType... types) {
    int next = first;
    for (TensorType type : List.of(types)) {
      BY_NUMBER.put(next++, type);
    }
  }

  static Optional<TensorType> of(int number) {
    return Optional.ofNullable(BY_NUMBER.get(number));
  }

  /** The number of a type, or nothing for those that GGUF files cannot hold. */
  static Optional<Integer> numberOf(TensorType type) {
    return BY_NUMBER.entrySet().stream()
        .filter(entry -> entry.getValue() == type)
        .map(Map.Entry::getKey)
        .findFirst();
  }
}
