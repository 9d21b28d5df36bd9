package io.github.dnd4j.lora;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.internal.HostFloats;
import java.util.Arrays;
import java.util.List;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.NormOps_DDRM;
import org.ejml.dense.row.SingularOps_DDRM;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.QRDecomposition;
import org.ejml.interfaces.decomposition.SingularValueDecomposition_F64;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The change of one module in double precision, {@code dW = b @ at^T}, with the scale in b. dW
 * itself, {@code [out, in]}, is never formed: what is computed has at most {@code rank * max(in,
 * out)} numbers.
 *
 * @param path the module, for messages
 * @param b scale * B, {@code [out, rank]}
 * @param at A transposed, {@code [in, rank]}
 */
record LoraFactors(String path, DMatrixRMaj b, DMatrixRMaj at) {

  /** A module of an adapter, its change multiplied by a factor. */
  static LoraFactors of(LoraAdapter adapter, LoraModule module, double factor) {
    LoraWeights weights = adapter.weights(module.path());
    DMatrixRMaj b = matrix(module, weights.b(), "lora_B");
    CommonOps_DDRM.scale(factor * adapter.config().scaleOf(module), b);
    DMatrixRMaj a = matrix(module, weights.a(), "lora_A");
    return new LoraFactors(module.path(), b, CommonOps_DDRM.transpose(a, null));
  }

  private static DMatrixRMaj matrix(LoraModule module, INDArray source, String name) {
    float[] floats = Checks.finiteWeights(HostFloats.toArray(source), module.path() + "." + name);
    double[] values = new double[floats.length];
    Arrays.setAll(values, i -> floats[i]);
    return DMatrixRMaj.wrap((int) source.size(0), (int) source.size(1), values);
  }

  int rank() {
    return b.numCols;
  }

  /** The sum of changes of the same module, exactly: their ranks add up. */
  static LoraFactors sum(List<LoraFactors> parts) {
    return new LoraFactors(
        parts.get(0).path,
        besideEachOther(parts.stream().map(LoraFactors::b).toList()),
        besideEachOther(parts.stream().map(LoraFactors::at).toList()));
  }

  private static DMatrixRMaj besideEachOther(List<DMatrixRMaj> parts) {
    int columns = parts.stream().mapToInt(part -> part.numCols).reduce(0, Math::addExact);
    DMatrixRMaj all = new DMatrixRMaj(parts.get(0).numRows, columns);
    int at = 0;
    for (DMatrixRMaj part : parts) {
      CommonOps_DDRM.insert(part, all, 0, at);
      at += part.numCols;
    }
    return all;
  }

  /**
   * {@code <dW1, dW2> = trace(dW1^T dW2)}, the sum of the elements of {@code (b1^T b2) * (at1^T
   * at2)}.
   */
  double innerProduct(LoraFactors other) {
    DMatrixRMaj ofB = CommonOps_DDRM.multTransA(b, other.b, null);
    DMatrixRMaj ofA = CommonOps_DDRM.multTransA(at, other.at, null);
    return CommonOps_DDRM.elementSum(CommonOps_DDRM.elementMult(ofB, ofA, null));
  }

  /**
   * The Frobenius norm of dW. By way of the core, whose error is a rounding of the norm of b and
   * at, not, as that of a square, the root of one: what is left of a difference of near equals is
   * right.
   */
  double norm() {
    return NormOps_DDRM.normF(core(qr(b), qr(at)));
  }

  /** The singular values of dW, largest first; no more of them than rank, in or out. */
  double[] spectrum() {
    return sortedSvd(core(qr(b), qr(at))).singular;
  }

  /** The nearest dW of a smaller rank in the Frobenius norm, and what it leaves out. */
  Truncation truncate(int rank) {
    QRDecomposition<DMatrixRMaj> qrOfB = qr(b);
    QRDecomposition<DMatrixRMaj> qrOfA = qr(at);
    Svd svd = sortedSvd(core(qrOfB, qrOfA));
    int kept = Math.min(rank, svd.singular.length);
    DMatrixRMaj left = new DMatrixRMaj(svd.u.numRows, rank);
    DMatrixRMaj right = new DMatrixRMaj(svd.v.numRows, rank);
    for (int column = 0; column < kept; column++) {
      // Half of each singular value goes to either side, so that b and at are of like size.
      double root = Math.sqrt(svd.singular[column]);
      copyColumn(svd.u, left, column, root);
      copyColumn(svd.v, right, column, root);
    }
    DMatrixRMaj newB = CommonOps_DDRM.mult(qrOfB.getQ(null, true), left, null);
    DMatrixRMaj newAt = CommonOps_DDRM.mult(qrOfA.getQ(null, true), right, null);
    double[] dropped = Arrays.copyOfRange(svd.singular, kept, svd.singular.length);
    return new Truncation(new LoraFactors(path, newB, newAt), Math.sqrt(sumOfSquares(dropped)));
  }

  /**
   * A change of a smaller rank.
   *
   * @param factors its factors
   * @param error the Frobenius norm of what it leaves out
   */
  record Truncation(LoraFactors factors, double error) {}

  private static void copyColumn(DMatrixRMaj from, DMatrixRMaj to, int column, double factor) {
    for (int row = 0; row < from.numRows; row++) {
      to.set(row, column, factor * from.get(row, column));
    }
  }

  private static double sumOfSquares(double[] values) {
    return Arrays.stream(values).map(value -> value * value).sum();
  }

  /** {@code dW = Qb (Rb Ra^T) Qa^T}: the core in the middle has dW's norm and singular values. */
  private static DMatrixRMaj core(
      QRDecomposition<DMatrixRMaj> qrOfB, QRDecomposition<DMatrixRMaj> qrOfA) {
    return CommonOps_DDRM.multTransB(qrOfB.getR(null, true), qrOfA.getR(null, true), null);
  }

  private static QRDecomposition<DMatrixRMaj> qr(DMatrixRMaj matrix) {
    QRDecomposition<DMatrixRMaj> qr = DecompositionFactory_DDRM.qr(matrix.numRows, matrix.numCols);
    // It says no to matrices of less than full rank, whose decomposition is right all the same.
    DecompositionFactory_DDRM.decomposeSafe(qr, matrix);
    return qr;
  }

  /** {@code core = u diag(singular) v^T}, with the largest singular value first. */
  private static final class Svd {
    private final DMatrixRMaj u;
    private final double[] singular;
    private final DMatrixRMaj v;

    private Svd(DMatrixRMaj u, double[] singular, DMatrixRMaj v) {
      this.u = u;
      this.singular = singular;
      this.v = v;
    }
  }

  private Svd sortedSvd(DMatrixRMaj core) {
    SingularValueDecomposition_F64<DMatrixRMaj> svd =
        DecompositionFactory_DDRM.svd(core.numRows, core.numCols, true, true, true);
    if (!DecompositionFactory_DDRM.decomposeSafe(svd, core)) {
      throw new DragAndDropException(
          "the singular value decomposition of the module " + path + " did not converge");
    }
    DMatrixRMaj u = svd.getU(null, false);
    DMatrixRMaj v = svd.getV(null, false);
    double[] singular = Arrays.copyOf(svd.getSingularValues(), svd.numberOfSingularValues());
    // Of zeros, some come with a sign.
    Arrays.setAll(singular, i -> Math.abs(singular[i]));
    SingularOps_DDRM.descendingOrder(u, false, singular, singular.length, v, false);
    return new Svd(u, singular, v);
  }

  /** As an adapter has them, with the scale 1. */
  LoraWeights toWeights() {
    float[] a = floats(path, CommonOps_DDRM.transpose(at, null).data);
    float[] scaledB = floats(path, b.data);
    INDArray tensor = HostFloats.toTensor(a, rank(), at.numRows);
    try {
      return new LoraWeights(tensor, HostFloats.toTensor(scaledB, b.numRows, rank()));
    } catch (RuntimeException | Error e) {
      tensor.close();
      throw e;
    }
  }

  /** Weights of a module, rounded to float32. */
  static float[] floats(String path, double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
      if (!Float.isFinite(floats[i])) {
        throw new InvalidInputException(
            "the weight " + values[i] + " of the module " + path + " has no place in float32");
      }
    }
    return floats;
  }
}
