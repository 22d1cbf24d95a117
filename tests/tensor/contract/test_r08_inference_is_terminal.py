"""R8: inside INFERENCE nothing turns gradients on again."""

import pytest

import tensor as T


def test_entering_enable_grad_raises():
    with T.inference_mode():
        scope = T.enable_grad()
        with pytest.raises(T.InferenceModeError, match="enable_grad"), scope:
            raise AssertionError("entered")
        assert T.is_inference_mode_enabled()
    assert T.is_grad_enabled()


def test_entering_inference_mode_false_raises():
    with T.inference_mode():
        scope = T.inference_mode(False)
        with pytest.raises(T.InferenceModeError, match=r"inference_mode\(False\)"), scope:
            raise AssertionError("entered")
        assert T.is_inference_mode_enabled()


def test_set_grad_enabled_raises_when_called():
    with T.inference_mode():
        with pytest.raises(T.InferenceModeError, match=r"set_grad_enabled\(True\)"):
            T.set_grad_enabled(True)
        assert T.is_inference_mode_enabled()
        T.set_grad_enabled(False)
        assert T.is_inference_mode_enabled()
        with T.set_grad_enabled(False):
            assert T.is_inference_mode_enabled()
    assert T.is_grad_enabled()


def test_decorating_inside_is_fine_and_calling_raises():
    with T.inference_mode():

        @T.enable_grad()
        def train():
            return T.is_grad_enabled()

        @T.inference_mode(False)
        def plain():
            return T.is_inference_mode_enabled()

        with pytest.raises(T.InferenceModeError):
            train()
        with pytest.raises(T.InferenceModeError):
            plain()
    assert train()
    assert not plain()


def test_a_generator_that_enables_gradients_raises_at_the_step():
    @T.enable_grad
    def steps():
        yield T.is_grad_enabled()
        yield T.is_grad_enabled()

    generator = steps()
    with T.no_grad():
        assert next(generator)
    with T.inference_mode(), pytest.raises(T.InferenceModeError):
        next(generator)


def test_a_no_grad_generator_started_outside_is_in_inference_mode_inside():
    @T.no_grad
    def steps():
        while True:
            yield T.ones(1).is_inference()

    generator = steps()
    assert [next(generator)] == [False]
    with T.inference_mode():
        assert [next(generator), next(generator)] == [True, True]
    assert [next(generator)] == [False]


def test_nested_no_grad_and_inference_mode_are_fine():
    with T.inference_mode():
        with T.no_grad():
            assert T.ones(1).is_inference()
            with T.inference_mode():
                assert T.ones(1).is_inference()
            assert T.is_inference_mode_enabled()
        assert T.is_inference_mode_enabled()
    assert T.is_grad_enabled()


def test_outside_inference_mode_false_does_nothing():
    with T.inference_mode(False):
        assert T.is_grad_enabled()
    with T.no_grad(), T.inference_mode(False):
        assert not T.is_grad_enabled()
        assert not T.is_inference_mode_enabled()


def test_enable_grad_works_outside():
    with T.no_grad():
        with T.enable_grad():
            assert T.is_grad_enabled()
        assert not T.is_grad_enabled()
