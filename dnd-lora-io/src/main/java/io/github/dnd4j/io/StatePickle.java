package io.github.dnd4j.io;

import io.github.dnd4j.FileFormatException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.razorvine.pickle.Opcodes;
import net.razorvine.pickle.PickleException;
import net.razorvine.pickle.PickleUtils;
import net.razorvine.pickle.Unpickler;

/**
 * Reads the pickle of a PyTorch checkpoint. A pickle is a program that may call anything; this
 * reader knows the instructions that state dicts are made of and the three functions that they
 * call, all of which only build values of this class. Everything else is refused by name before it
 * does anything, so that none of the pickle library's own constructors can be reached.
 */
final class StatePickle extends Unpickler {

  /** A storage: a flat run of elements in an entry of its own. */
  record Storage(TensorType type, String key, long length) {}

  /** A tensor: a strided view of a storage, in elements. */
  record View(Storage storage, long offset, List<Long> shape, List<Long> strides) {}

  /** Something that the pickle may call. */
  private interface Function {
    Object call(Object[] arguments);
  }

  private static final int MOST_INSTRUCTIONS = 4_000_000;
  private static final int LONGEST_QUOTE = 100;

  /** Seeds and counters have 8 or 9. */
  private static final int LONGEST_NUMBER = 32;

  private static final Map<String, TensorType> STORAGES =
      Map.of(
          "torch.DoubleStorage", TensorType.F64,
          "torch.FloatStorage", TensorType.F32,
          "torch.HalfStorage", TensorType.F16,
          "torch.BFloat16Storage", TensorType.BF16,
          "torch.LongStorage", TensorType.I64,
          "torch.IntStorage", TensorType.I32,
          "torch.ShortStorage", TensorType.I16,
          "torch.CharStorage", TensorType.I8,
          "torch.ByteStorage", TensorType.U8,
          "torch.BoolStorage", TensorType.BOOL);

  private final Map<String, Function> functions =
      Map.of(
          "collections.OrderedDict", this::orderedDict,
          "torch._utils._rebuild_tensor_v2", this::tensor,
          "torch._utils._rebuild_parameter", this::parameter);

  private final String where;
  private final ByteArrayInputStream bytes;
  private int instructions;

  private StatePickle(String where, byte[] pickle) {
    this.where = where;
    this.bytes = new ByteArrayInputStream(pickle);
  }

  /**
   * Reads a pickle.
   *
   * @param where the file, for messages
   * @param pickle its bytes
   * @return a {@link View}, or a Map, List or Object[] of such, or a text, number, truth value or
   *     null. Containers may be contained in themselves
   */
  static Object read(String where, byte[] pickle) {
    StatePickle reader = new StatePickle(where, pickle);
    try {
      return reader.load(reader.bytes);
    } catch (IOException
        | PickleException
        | IndexOutOfBoundsException
        | ClassCastException
        | ArithmeticException
        | NegativeArraySizeException e) {
      throw new FileFormatException(where + ": the pickle is broken or cut off: " + e, e);
    }
  }

  @Override
  protected Object dispatch(short instruction) throws IOException {
    if (++instructions > MOST_INSTRUCTIONS) {
      throw refused("has more than " + MOST_INSTRUCTIONS + " instructions");
    }
    switch (instruction) {
      case Opcodes.GLOBAL -> pushGlobal(PickleUtils.readline(input), PickleUtils.readline(input));
      case Opcodes.INST ->
          throw refusedGlobal(PickleUtils.readline(input) + "." + PickleUtils.readline(input));
      case Opcodes.STACK_GLOBAL -> {
        Object name = stack.pop();
        pushGlobal(text(stack.pop()), text(name));
      }
      case Opcodes.EMPTY_DICT -> stack.add(new LinkedHashMap<>());
      case Opcodes.REDUCE -> reduce();
      case Opcodes.BUILD -> build();
      case Opcodes.SETITEM -> {
        Object value = stack.pop();
        Object key = stack.pop();
        put(key, value);
      }
      case Opcodes.SETITEMS -> putAll(stack.pop_all_since_marker());
      case Opcodes.APPEND -> {
        Object element = stack.pop();
        list().add(element);
      }
      case Opcodes.APPENDS -> appendAll(stack.pop_all_since_marker());
      case Opcodes.LONG1 -> {
        checkNumber();
        return super.dispatch(instruction);
      }
      case Opcodes.BINUNICODE -> {
        checkLength(Integer.BYTES);
        return super.dispatch(instruction);
      }
      case Opcodes.BINUNICODE8 -> {
        checkLength(Long.BYTES);
        return super.dispatch(instruction);
      }
      default -> {
        if (!isPlain(instruction)) {
          throw refused(
              "has the instruction 0x"
                  + Integer.toHexString(instruction)
                  + ", which state dicts do not need");
        }
        return super.dispatch(instruction);
      }
    }
    return NO_RETURN_VALUE;
  }

  /** Instructions that put plain values and containers together and cannot call anything. */
  private static boolean isPlain(short instruction) {
    return switch (instruction) {
      case Opcodes.PROTO,
          Opcodes.FRAME,
          Opcodes.STOP,
          Opcodes.MARK,
          Opcodes.NONE,
          Opcodes.NEWTRUE,
          Opcodes.NEWFALSE,
          Opcodes.BININT,
          Opcodes.BININT1,
          Opcodes.BININT2,
          Opcodes.BINFLOAT,
          Opcodes.SHORT_BINUNICODE,
          Opcodes.EMPTY_TUPLE,
          Opcodes.TUPLE,
          Opcodes.TUPLE1,
          Opcodes.TUPLE2,
          Opcodes.TUPLE3,
          Opcodes.EMPTY_LIST,
          Opcodes.BINPUT,
          Opcodes.LONG_BINPUT,
          Opcodes.MEMOIZE,
          Opcodes.BINGET,
          Opcodes.LONG_BINGET,
          Opcodes.BINPERSID ->
          true;
      default -> false;
    };
  }

  /** Numbers become text, which takes longer the more digits they have. */
  private void checkNumber() {
    bytes.mark(0);
    int length = bytes.read();
    if (length > LONGEST_NUMBER) {
      throw refused("has a whole number of " + length + " bytes");
    }
    bytes.reset();
  }

  /** The library would allocate whatever length the text claims to have. */
  private void checkLength(int width) {
    bytes.mark(0);
    long length = 0;
    for (int i = 0; i < width; i++) {
      length |= (long) bytes.read() << (i * Byte.SIZE);
    }
    if (length < 0 || length > bytes.available()) {
      throw refused(
          "has a text of " + length + " bytes, but only " + bytes.available() + " follow");
    }
    bytes.reset();
  }

  private void pushGlobal(String module, String name) {
    String global = module + "." + name;
    Object known = STORAGES.get(global);
    if (known == null) {
      known = functions.get(global);
    }
    if (known == null) {
      throw refusedGlobal(global);
    }
    stack.add(known);
  }

  private FileFormatException refusedGlobal(String global) {
    return refused(
        "asks for "
            + quote(global)
            + ", which is not among what state dicts need, so nothing of it was run. Load the file"
            + " where you trust it and save only its state_dict()");
  }

  private void reduce() {
    Object arguments = stack.pop();
    Object function = stack.pop();
    if (!(function instanceof Function callable) || !(arguments instanceof Object[] values)) {
      throw refused("calls something that is no function");
    }
    stack.add(callable.call(values));
  }

  /** State dicts carry version numbers as the state of their OrderedDict; nothing needs them. */
  private void build() {
    stack.pop();
    if (!(stack.peek() instanceof Map)) {
      throw refused("sets the state of something that is no dict");
    }
  }

  private void putAll(List<Object> keysAndValues) {
    for (int i = 0; i < keysAndValues.size(); i += 2) {
      put(keysAndValues.get(i), keysAndValues.get(i + 1));
    }
  }

  /** The library would copy the whole list for every few elements that are added to it. */
  private void appendAll(List<Object> elements) {
    list().addAll(elements);
  }

  private List<Object> list() {
    if (!(stack.peek() instanceof ArrayList)) {
      throw refused("appends to something that is no list");
    }
    @SuppressWarnings("unchecked") // all lists on the stack hold objects of any kind
    List<Object> list = (List<Object>) stack.peek();
    return list;
  }

  private void put(Object key, Object value) {
    // Other keys, such as a list that holds itself, may not even have a hash code.
    if (!(key instanceof String || key instanceof Number || key instanceof Boolean)) {
      throw refused("has a dict key that is neither text nor number");
    }
    if (!(stack.peek() instanceof Map)) {
      throw refused("adds a key to something that is no dict");
    }
    @SuppressWarnings("unchecked") // all maps on the stack are made in this class
    Map<Object, Object> dict = (Map<Object, Object>) stack.peek();
    dict.put(key, value);
  }

  private Object orderedDict(Object[] arguments) {
    if (arguments.length != 0) {
      throw refused("makes an OrderedDict with arguments");
    }
    return new LinkedHashMap<>();
  }

  private Object parameter(Object[] arguments) {
    if (arguments.length == 0 || !(arguments[0] instanceof View)) {
      throw refused("makes a Parameter of something that is no tensor");
    }
    return arguments[0];
  }

  private Object tensor(Object[] arguments) {
    if (arguments.length < 4 || !(arguments[0] instanceof Storage storage)) {
      throw refused("makes a tensor of something that is no storage");
    }
    List<Long> shape = numbers(arguments[2]);
    List<Long> strides = numbers(arguments[3]);
    if (shape.size() != strides.size()) {
      throw refused("has a tensor with the shape " + shape + " and the strides " + strides);
    }
    return new View(storage, number(arguments[1]), shape, strides);
  }

  @Override
  protected Object persistentLoad(Object id) {
    if (!(id instanceof Object[] parts)
        || parts.length != 5
        || !"storage".equals(parts[0])
        || !(parts[1] instanceof TensorType type)) {
      throw refused("refers to something outside that is no storage of a known type");
    }
    return new Storage(type, text(parts[2]), number(parts[4]));
  }

  private String text(Object value) {
    if (value instanceof String text) {
      return text;
    }
    throw refused("has something else where a text must be");
  }

  private long number(Object value) {
    if ((value instanceof Integer || value instanceof Long) && ((Number) value).longValue() >= 0) {
      return ((Number) value).longValue();
    }
    throw refused("has something else where a whole number from 0 to 2^63-1 must be");
  }

  private List<Long> numbers(Object value) {
    if (!(value instanceof Object[] values)) {
      throw refused("has something else where a tuple of numbers must be");
    }
    if (values.length > SafetensorsHeader.MOST_DIMENSIONS) {
      throw refused(
          "has a tensor of "
              + values.length
              + " dimensions, at most "
              + SafetensorsHeader.MOST_DIMENSIONS
              + " are allowed");
    }
    List<Long> numbers = new ArrayList<>();
    for (Object number : values) {
      numbers.add(number(number));
    }
    return numbers;
  }

  private FileFormatException refused(String what) {
    return new FileFormatException(where + ": the pickle " + what);
  }

  private static String quote(String text) {
    return text.length() <= LONGEST_QUOTE ? text : text.substring(0, LONGEST_QUOTE) + "...";
  }
}
