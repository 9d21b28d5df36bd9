package io.github.dnd4j.io;

import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.lora.LoraWeights;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The tensors of a file of LoRA matrices, two by two. */
final class LoraPairs {

  /** A is {@code [rank, in]}, B {@code [out, rank]}; either is null until it is found. */
  static final class Pair {
    private TensorInfo a;
    private TensorInfo b;

    TensorInfo a() {
      return a;
    }

    TensorInfo b() {
      return b;
    }
  }

  private final TensorFile file;
  private final Map<String, Pair> pairs = new LinkedHashMap<>();

  LoraPairs(TensorFile file) {
    this.file = file;
  }

  /** Takes a tensor as the A (first) or B of a module. */
  void put(String path, boolean first, TensorInfo info) {
    Pair pair = pairs.computeIfAbsent(path, unused -> new Pair());
    TensorInfo before = first ? pair.a : pair.b;
    if (before != null) {
      throw broken(info, "is for the same matrix as '" + before.name() + "'");
    }
    if (first) {
      pair.a = info;
    } else {
      pair.b = info;
    }
  }

  /** All pairs by module path, once they are complete and of matrices. */
  Map<String, Pair> checked() {
    if (pairs.isEmpty()) {
      throw new FileFormatException(file.path() + " holds no LoRA tensors");
    }
    pairs.values().forEach(this::check);
    return Collections.unmodifiableMap(pairs);
  }

  private void check(Pair pair) {
    if (pair.a == null || pair.b == null) {
      TensorInfo half = pair.a == null ? pair.b : pair.a;
      throw broken(half, "has no partner " + (pair.a == null ? "lora_A" : "lora_B"));
    }
    checkMatrix(pair.a);
    checkMatrix(pair.b);
  }

  private void checkMatrix(TensorInfo info) {
    if (!ElementCodec.converts(info.type())) {
      throw broken(info, "must hold floating-point numbers, but is of type " + info.type());
    }
    if (info.shape().size() != 2
        || info.shape().stream().anyMatch(size -> size < 1 || size > Integer.MAX_VALUE)) {
      throw broken(info, "must be a matrix, but has the shape " + info.shape());
    }
  }

  /** What becomes of the loaded matrices. */
  @FunctionalInterface
  interface Use<T> {
    /** Owns the matrices, unless it throws. */
    T of(Map<String, LoraWeights> weights);
  }

  <T> T load(Use<T> use) {
    List<INDArray> loaded = new ArrayList<>();
    try {
      Map<String, LoraWeights> weights = new LinkedHashMap<>();
      pairs.forEach(
          (path, pair) ->
              weights.put(path, new LoraWeights(load(pair.a, loaded), load(pair.b, loaded))));
      return use.of(weights);
    } catch (RuntimeException | Error e) {
      loaded.forEach(INDArray::close);
      throw e;
    }
  }

  private INDArray load(TensorInfo info, List<INDArray> loaded) {
    INDArray matrix =
        TensorMemory.allocate(
            new TensorInfo(info.name(), TensorType.F32, info.shape()),
            file.path() + ": tensor '" + info.name() + "'");
    loaded.add(matrix);
    file.readInto(info.name(), matrix);
    return matrix;
  }

  FileFormatException broken(TensorInfo info, String what) {
    return new FileFormatException(file.path() + ": tensor '" + info.name() + "' " + what);
  }
}
